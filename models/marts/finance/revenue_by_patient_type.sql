{# grain: one row per tenant, business date, patient type and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

patient_type_revenue as (
    select
        tenant_id,
        coalesce(patient_type, 'unknown') as patient_type,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(patient_type, 'unknown')
),

shared_revenue as (
    {{ with_shares(
        'patient_type_revenue',
        'net_revenue_amount',
        ['tenant_id', 'business_date', 'currency_code'],
        ['patient_type']
    ) }}
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.patient_type,
        rev.currency_code,
        {{ earned_revenue('rev') }},
        rev.share_percent,
        rev.business_date
    from shared_revenue as rev
)

select * from labelled_revenue
