{# grain: one row per tenant, business date, service category and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

category_revenue as (
    select
        tenant_id,
        coalesce(service_category, 'unknown') as service_category,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(service_category, 'unknown')
),

shared_revenue as (
    {{ with_shares(
        'category_revenue',
        'net_revenue_amount',
        ['tenant_id', 'business_date', 'currency_code'],
        ['service_category']
    ) }}
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.service_category,
        rev.currency_code,
        {{ earned_revenue('rev') }},
        rev.share_percent,
        rev.business_date
    from shared_revenue as rev
)

select * from labelled_revenue
