{# grain: one row per tenant, business date, patient and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

movements as (
    select
        tenant_id,
        coalesce(patient_id, 0) as patient_id,
        currency_code,
        {{ net_credit('wallet_liability', ['wallet_top_up']) }} as top_up_amount,
        {{ net_credit('wallet_liability', ['refund', 'wallet_refund']) }}
            as refund_amount,
        -{{ net_credit(
            'wallet_liability', ['payment', 'payment_unapplied', 'wallet_use']
        ) }} as use_amount,
        -{{ net_credit('wallet_liability', ['unbilled_wallet_use']) }}
            as unbilled_use_amount,
        -{{ net_credit('wallet_liability', ['wallet_withdrawal']) }}
            as withdrawal_amount,
        {{ net_credit('wallet_liability') }} as amount,
        {{ net_credit('wallet_liability', amount='base_amount') }} as base_amount,
        business_date
    from postings
    where {{ moves(['wallet_liability']) }}
    group by tenant_id, business_date, coalesce(patient_id, 0), currency_code
),

-- V4: what no rule names still moves the balance
wallet_movements as (
    select
        tenant_id,
        patient_id,
        currency_code,
        top_up_amount::numeric(18, 4) as top_up_amount,
        refund_amount::numeric(18, 4) as refund_amount,
        use_amount::numeric(18, 4) as use_amount,
        unbilled_use_amount::numeric(18, 4) as unbilled_use_amount,
        withdrawal_amount::numeric(18, 4) as withdrawal_amount,
        (
            amount
            - top_up_amount
            - refund_amount
            + use_amount
            + unbilled_use_amount
            + withdrawal_amount
        )::numeric(18, 4) as other_amount,
        amount::numeric(18, 4) as amount,
        base_amount::numeric(18, 4) as base_amount,
        business_date
    from movements
)

select * from wallet_movements
