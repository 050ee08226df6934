{# grain: one row per tenant, month, patient type and currency #}
with patient_type_days as (
    select * from {{ ref('revenue_by_patient_type') }}
),

patient_type_months as (
    {{ revenue_months('patient_type_days', ['patient_type']) }}
),

shared_months as (
    {{ with_shares(
        'patient_type_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['patient_type']
    ) }}
),

compared_months as (
    {{ with_growth('shared_months', 'net_revenue_amount', ['patient_type']) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.patient_type,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from compared_months as mon
)

select * from labelled_months
