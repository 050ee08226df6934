{# grain: one row per tenant, business date, patient and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

movements as (
    select
        tenant_id,
        coalesce(patient_id, 0) as patient_id,
        currency_code,
        {{ wallet_measures() }},
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
        top_up_amount,
        wallet_refund_amount as refund_amount,
        wallet_use_amount as use_amount,
        unbilled_wallet_use_amount as unbilled_use_amount,
        withdrawal_amount,
        (
            amount
            - top_up_amount
            - wallet_refund_amount
            + wallet_use_amount
            + unbilled_wallet_use_amount
            + withdrawal_amount
        )::numeric(18, 4) as other_amount,
        amount::numeric(18, 4) as amount,
        base_amount::numeric(18, 4) as base_amount,
        business_date
    from movements
)

select * from wallet_movements
