{# grain: one row per tenant, business date and currency #}
-- a receipt has one method, but may be for several revenue points
with method_collections as (
    select * from {{ ref('collections_by_method') }}
),

collections as (
    select
        tenant_id,
        currency_code,
        sum(cash_received_amount)::numeric(18, 4) as cash_received_amount,
        sum(cash_paid_out_amount)::numeric(18, 4) as cash_paid_out_amount,
        sum(other_cash_amount)::numeric(18, 4) as other_cash_amount,
        sum(
            cash_received_amount - cash_paid_out_amount + other_cash_amount
        )::numeric(18, 4) as net_cash_amount,
        sum(collection_amount)::numeric(18, 4) as collection_amount,
        sum(refund_amount)::numeric(18, 4) as refund_amount,
        sum(collection_amount - refund_amount)::numeric(18, 4) as net_collection_amount,
        sum(top_up_amount)::numeric(18, 4) as top_up_amount,
        sum(withdrawal_amount)::numeric(18, 4) as withdrawal_amount,
        sum(wallet_use_amount)::numeric(18, 4) as wallet_use_amount,
        sum(wallet_refund_amount)::numeric(18, 4) as wallet_refund_amount,
        sum(unbilled_wallet_use_amount)::numeric(18, 4) as unbilled_wallet_use_amount,
        sum(receipt_count)::bigint as receipt_count,
        sum(refund_count)::bigint as refund_count,
        business_date
    from method_collections
    group by tenant_id, business_date, currency_code
)

select * from collections
