{# grain: one row per tenant, month, practitioner and currency #}
with practitioner_days as not materialized (
    select * from {{ ref('revenue_by_doctor') }}
),

practitioners as (
    select * from {{ ref('dim_practitioners') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

practitioner_months as (
    {{ revenue_months('reported_months', 'practitioner_days', ['practitioner_id']) }}
),

shared_months as (
    {{ with_shares(
        'practitioner_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['practitioner_id']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.practitioner_id,
        case
            when mon.practitioner_id = 0 then 'Unattributed'
            else coalesce(pra.practitioner_name, 'Unknown practitioner')
        end as practitioner_name,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from shared_months as mon
    left join practitioners as pra
        on
            mon.tenant_id = pra.tenant_id
            and mon.practitioner_id = pra.practitioner_id
)

select * from labelled_months
