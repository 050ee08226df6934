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
        -- what a closed period withdraws of either is less of it
        case when carried_to < 0 then -amount else amount end as moved_amount,
        {{ is_void() }} as is_void,
        is_reversal,
        carried_to,
        document_type,
        document_id,
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
        coalesce(sum(moved_amount) filter (where not is_void), 0)::numeric(18, 4)
            as executed_amount,
        coalesce(sum(moved_amount) filter (where is_void), 0)::numeric(18, 4)
            as voided_amount,
        sum(case when is_void then -moved_amount else moved_amount end)::numeric(18, 4)
            as refund_amount,
        -- what was withdrawn, be it of a void, is no refund
        count(distinct row(document_type, document_id)) filter (
            where not is_reversal and carried_to >= 0
        ) as refund_count,
        business_date
    from refunds
    group by tenant_id, business_date, payment_method, share, currency_code
)

select * from refund_days
