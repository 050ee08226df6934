{# grain: one row per tenant, month, payment method and currency #}
with method_days as not materialized (
    select * from {{ ref('collections_by_method') }}
),

reported_months as (
    {{ reported_months('first_collection_date') }}
),

collection_months as (
    {{ collection_months('reported_months', 'method_days', ['payment_method']) }}
),

shared_months as (
    {{ with_shares(
        'collection_months',
        'net_collection_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['payment_method']
    ) }}
),

shown_months as (
    select
        tenant_id,
        payment_method,
        currency_code,
        cash_received_amount,
        cash_paid_out_amount,
        other_cash_amount,
        net_cash_amount,
        collection_amount,
        refund_amount,
        net_collection_amount,
        share_percent,
        previous_amount,
        previous_growth_percent,
        last_year_amount,
        last_year_growth_percent,
        top_up_amount,
        withdrawal_amount,
        wallet_use_amount,
        wallet_refund_amount,
        unbilled_wallet_use_amount,
        receipt_count,
        refund_count,
        is_complete,
        month_start_date,
        previous_month_start_date,
        last_year_month_start_date
    from shared_months
)

select * from shown_months
