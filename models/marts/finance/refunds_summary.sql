{# grain: one row per tenant, business date, payment method, share and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- what went back into a wallet has no method of its own
refunds as (
    select
        tenant_id,
        case
            when event_type = 'wallet_refund' then 'wallet'
            else coalesce(payment_method, 'unknown')
        end as payment_method,
        share,
        currency_code,
        case when is_reversal then 0 else amount end as executed_amount,
        case when is_reversal then amount else 0 end as voided_amount,
        document_type,
        document_id,
        is_reversal,
        business_date
    from postings
    where event_type in ('refund', 'wallet_refund')
),

refund_days as (
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
        business_date
    from refunds
    group by tenant_id, business_date, payment_method, share, currency_code
)

select * from refund_days
