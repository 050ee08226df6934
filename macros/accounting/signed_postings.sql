{#- A select of the postings of closed months, and of those that were carried into them, as the
    tenants signed them. A column that the contract has just gained is null. -#}
{% macro signed_postings() -%}
{%- set known = released_run(
    "select attname from pg_catalog.pg_attribute where attrelid = 'store.fct_postings'::regclass"
    ~ " and attnum > 0 and not attisdropped"
).columns[0].values() -%}
select
    {%- for column in model.columns.values() %}
    {% if column.name in known %}sto.{{ column.name }}{% else %}null::{{ column.data_type }}{% endif %}
        as {{ column.name }}
    {%- if not loop.last %},{% endif -%}
    {%- endfor %}
from {{ ref('dim_closed_periods') }} as clo
inner join store.fct_postings as sto
    on
        clo.tenant_id = sto.tenant_id
        and sto.business_date < clo.ends_before
        and (clo.starts_on is null or clo.starts_on <= sto.business_date)
        and sto.released_in <= clo.release_id
        and sto.retired_in > clo.release_id
        and clo.late_changes = 'carry-forward'
{%- endmacro %}
