{# grain: one row per tenant, business date, payer, share and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

payer_revenue as (
    select
        tenant_id,
        coalesce(payer_id, 0) as payer_id,
        share,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(payer_id, 0),
        share
),

shared_revenue as (
    {{ with_shares(
        'payer_revenue',
        'net_revenue_amount',
        ['tenant_id', 'business_date', 'currency_code'],
        ['payer_id', 'share']
    ) }}
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.payer_id,
        case
            when rev.payer_id = 0 and rev.share = 'patient' then 'No payer'
            else coalesce(pay.payer_name, 'Unknown payer')
        end as payer_name,
        pay.payer_type,
        rev.share,
        rev.currency_code,
        {{ earned_revenue('rev') }},
        rev.share_percent,
        rev.business_date
    from shared_revenue as rev
    left join payers as pay
        on
            rev.tenant_id = pay.tenant_id
            and rev.payer_id = pay.payer_id
)

select * from labelled_revenue
