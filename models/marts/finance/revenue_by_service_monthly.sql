{# grain: one row per tenant, month, service category, service, product and currency #}
with service_days as not materialized (
    select * from {{ ref('revenue_by_service') }}
),

services as (
    select * from {{ ref('dim_services') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

service_months as (
    {{ revenue_months(
        'reported_months',
        'service_days',
        ['service_category', 'service_id', 'product_id']
    ) }}
),

shared_months as (
    {{ with_shares(
        'service_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['service_category', 'service_id', 'product_id']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.service_id,
        mon.product_id,
        mon.service_category,
        coalesce(srv.service_code, pro.product_code) as service_code,
        case
            when mon.service_id = 0 and mon.product_id = 0 then 'Unattributed'
            else coalesce(srv.service_name, pro.product_name, 'Unknown service')
        end as service_name,
        mon.currency_code,
        row_number() over (
            partition by mon.tenant_id, mon.month_start_date, mon.currency_code
            order by
                mon.net_revenue_amount desc,
                mon.service_category asc,
                mon.service_id asc,
                mon.product_id asc
        )::integer as revenue_rank,
        {{ compared_revenue('mon') }}
    from shared_months as mon
    left join services as srv
        on
            mon.tenant_id = srv.tenant_id
            and mon.service_id = srv.service_id
    left join products as pro
        on
            mon.tenant_id = pro.tenant_id
            and mon.product_id = pro.product_id
)

select * from labelled_months
