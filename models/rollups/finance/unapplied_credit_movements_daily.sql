{# grain: one row per tenant, business date, share, debtor and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

credit_movements as (
    select
        tenant_id,
        coalesce(case share when 'payer' then payer_id else patient_id end, 0)
            as debtor_id,
        share,
        currency_code,
        {{ net_credit('unapplied_credit') }}::numeric(18, 4) as amount,
        {{ net_credit('unapplied_credit', amount='base_amount') }}::numeric(18, 4)
            as base_amount,
        business_date
    from postings
    where {{ moves(['unapplied_credit']) }}
    group by
        tenant_id,
        business_date,
        coalesce(case share when 'payer' then payer_id else patient_id end, 0),
        share,
        currency_code
)

select * from credit_movements
