{#- A CTE of documents with their revenue point and the rule that found it: the first that
    knows a value decides, in the order of the cases below (V14). -#}
{% macro with_revenue_point(documents) -%}
select
    doc.*,
    case
        when app.rule = 'own_app' then app.revenue_point_code
        else coalesce(
            wal.revenue_point_code,
            dep.revenue_point_code,
            case app.rule when 'serving_app' then app.revenue_point_code end,
            cat.revenue_point_code,
            app.revenue_point_code,
            'unattributed'
        )
    end as revenue_point_code,
    case
        when app.rule = 'own_app' then app.rule
        when wal.rule is not null then wal.rule
        when dep.revenue_point_code is not null then 'department'
        when app.rule = 'serving_app' then app.rule
        when cat.rule is not null then cat.rule
        else coalesce(app.rule, 'unattributed')
    end as revenue_point_rule
from {{ documents }} as doc
left join {{ ref('revenue_point_rules') }} as app
    on
        lower(doc.source_app) = app.value
        and app.rule in ('own_app', 'serving_app', 'general_app')
left join {{ ref('revenue_point_rules') }} as wal
    on doc.wallet_type = wal.value and wal.rule = 'wallet_type'
left join {{ ref('revenue_point_rules') }} as cat
    on doc.service_category = cat.value and cat.rule = 'service_category'
left join {{ ref('dim_departments') }} as dep
    on doc.tenant_id = dep.tenant_id and doc.department_id = dep.department_id
{%- endmacro %}
