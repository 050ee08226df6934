{# grain: one row per tenant, business date, service category, service, product and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

services as (
    select * from {{ ref('dim_services') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

service_revenue as (
    select
        tenant_id,
        coalesce(service_category, 'unknown') as service_category,
        coalesce(service_id, 0) as service_id,
        coalesce(product_id, 0) as product_id,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(service_category, 'unknown'),
        coalesce(service_id, 0),
        coalesce(product_id, 0)
),

shared_revenue as (
    {{ with_shares(
        'service_revenue',
        'net_revenue_amount',
        ['tenant_id', 'business_date', 'currency_code'],
        ['service_category', 'service_id', 'product_id']
    ) }}
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.service_id,
        rev.product_id,
        rev.service_category,
        coalesce(srv.service_code, pro.product_code) as service_code,
        case
            when rev.service_id = 0 and rev.product_id = 0 then 'Unattributed'
            else coalesce(srv.service_name, pro.product_name, 'Unknown service')
        end as service_name,
        rev.currency_code,
        {{ earned_revenue('rev') }},
        rev.share_percent,
        rev.business_date
    from shared_revenue as rev
    left join services as srv
        on
            rev.tenant_id = srv.tenant_id
            and rev.service_id = srv.service_id
    left join products as pro
        on
            rev.tenant_id = pro.tenant_id
            and rev.product_id = pro.product_id
)

select * from labelled_revenue
