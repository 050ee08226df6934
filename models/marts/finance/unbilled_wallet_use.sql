{# grain: one row per wallet use without an invoice #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- V6: with the day on which it was taken back, if it was
unbilled_uses as (
    select
        tenant_id,
        document_id as wallet_transaction_id,
        patient_id,
        wallet_type,
        revenue_point_code,
        currency_code,
        max(amount) filter (where not is_reversal)::numeric(18, 4) as amount,
        max(base_amount) filter (where not is_reversal)::numeric(18, 4)
            as base_amount,
        bool_or(is_reversal) as is_reversed,
        min(business_date) filter (where not is_reversal) as business_date,
        max(business_date) filter (where is_reversal) as reversal_date,
        max(recorded_at) as recorded_at
    from postings
    where
        document_type = 'wallet_transaction'
        and event_type = 'unbilled_wallet_use'
    group by
        tenant_id,
        document_id,
        patient_id,
        wallet_type,
        revenue_point_code,
        currency_code
)

select * from unbilled_uses
