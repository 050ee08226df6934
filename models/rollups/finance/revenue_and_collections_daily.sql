{# grain: one row per tenant and business date #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

daily_sums as (
    select
        tenant_id,
        {{ net_revenue('base_amount') }} as net_revenue_base_amount,
        {{ collected('base_amount') }} - {{ refunded('base_amount') }}
            as collected_base_amount,
        business_date
    from postings
    where {{ moves(revenue_accounts() + collection_accounts()) }}
    group by tenant_id, business_date
),

revenue_and_collections as (
    select
        tenant_id,
        net_revenue_base_amount,
        collected_base_amount::numeric(18, 4) as collected_base_amount,
        business_date
    from daily_sums
    where net_revenue_base_amount <> 0 or collected_base_amount <> 0
)

select * from revenue_and_collections
