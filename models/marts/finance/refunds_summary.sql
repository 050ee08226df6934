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
    inner join lateral (
        select
            inn.document_type,
            inn.document_id,
            inn.event_type,
            inn.share,
            inn.payment_method,
            inn.currency_code,
            inn.amount,
            inn.is_reversal
        from postings as inn
        where
            inn.tenant_id = mon.tenant_id
            and inn.business_date >= mon.month_start_date
            and inn.business_date < mon.next_month_start_date
        offset 0
    ) as pos on true
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
