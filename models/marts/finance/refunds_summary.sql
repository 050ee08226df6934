{# grain: one row per tenant, month, payment method, share and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

-- a month is found by its first day: the postings between by their index
months as (
    select
        tenant_id,
        month_start_date,
        (month_start_date + interval '1 month')::date as next_month_start_date
    from days
    group by tenant_id, month_start_date
),

-- what went back into a wallet has no method of its own
refunds as (
    select
        mon.tenant_id,
        case
            when pos.event_type = 'wallet_refund' then 'wallet'
            else coalesce(pos.payment_method, 'unknown')
        end as payment_method,
        pos.share,
        pos.currency_code,
        case when pos.is_reversal then 0 else pos.amount end as executed_amount,
        case when pos.is_reversal then pos.amount else 0 end as voided_amount,
        pos.document_type,
        pos.document_id,
        pos.is_reversal,
        mon.month_start_date
    from months as mon
    inner join postings as pos
        on
            mon.tenant_id = pos.tenant_id
            and mon.month_start_date <= pos.business_date
            and mon.next_month_start_date > pos.business_date
    where pos.event_type in ('refund', 'wallet_refund')
),

refund_months as (
    select
        tenant_id,
        payment_method,
        share,
        currency_code,
        sum(executed_amount)::numeric(18, 4) as executed_amount,
        sum(voided_amount)::numeric(18, 4) as voided_amount,
        sum(executed_amount - voided_amount)::numeric(18, 4) as refund_amount,
        count(distinct row(document_type, document_id)) filter (where not is_reversal)
            as refund_count,
        month_start_date
    from refunds
    group by tenant_id, month_start_date, payment_method, share, currency_code
)

select * from refund_months
