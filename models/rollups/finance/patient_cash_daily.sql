{# grain: one row per tenant, business date and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

patient_cash as (
    select
        tenant_id,
        currency_code,
        (-{{ net_credit('cash') }})::numeric(18, 4) as net_cash_amount,
        business_date
    from postings
    where share = 'patient' and {{ moves(['cash']) }}
    group by tenant_id, business_date, currency_code
)

select * from patient_cash
