{# grain: one row per tenant, month, patient type and currency #}
with patient_type_days as not materialized (
    select * from {{ ref('revenue_by_patient_type') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

patient_type_months as (
    {{ revenue_months('reported_months', 'patient_type_days', ['patient_type']) }}
),

shared_months as (
    {{ with_shares(
        'patient_type_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['patient_type']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.patient_type,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from shared_months as mon
)

select * from labelled_months
