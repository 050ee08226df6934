{# grain: one row per tenant, month, payer, share and currency #}
with payer_days as not materialized (
    select * from {{ ref('revenue_by_payer') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

reported_months as (
    {{ reported_months('first_revenue_date') }}
),

payer_months as (
    {{ revenue_months('reported_months', 'payer_days', ['payer_id', 'share']) }}
),

shared_months as (
    {{ with_shares(
        'payer_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['payer_id', 'share']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.payer_id,
        case
            when mon.payer_id = 0 and mon.share = 'patient' then 'No payer'
            else coalesce(pay.payer_name, 'Unknown payer')
        end as payer_name,
        pay.payer_type,
        mon.share,
        mon.currency_code,
        {{ compared_revenue('mon') }}
    from shared_months as mon
    left join payers as pay
        on
            mon.tenant_id = pay.tenant_id
            and mon.payer_id = pay.payer_id
)

select * from labelled_months
