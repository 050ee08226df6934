{# grain: one row per wallet transaction, pending and failed ones included #}
with wallet_transactions as (
    select * from {{ source('hms', 'wallet_transactions') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

payments as (
    select * from {{ source('hms', 'payments') }}
),

classified_transactions as (
    select
        wal.*,
        case
            when wal.type in ('top_up', 'withdrawal', 'refund') then wal.type
            when
                wal.type in (
                    'payment',
                    'lab_test_payment',
                    'pharmacy_payment',
                    'consultation_fee',
                    'procedure_fee',
                    'admission_fee',
                    'daily_admission_charge'
                )
                then 'use'
        end as movement,
        to_jsonb(wal.*) - 'landed_in' as raw_row
    from wallet_transactions as wal
),

judged_transactions as (
    select
        wal.*,
        {{ base_rate('wal', 'ten') }} as base_rate,
        {{ business_date('wal.transacted_at', 'ten') }} as transaction_date,
        {{ business_date('wal.voided_at', 'ten') }} as voided_date,
        case
            when ten.tenant_id is null then 'wallet transaction without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when wal.currency_code is null then 'wallet transaction without a currency'
            when cur.currency_code is null then 'unknown currency ' || wal.currency_code
            when wal.type is null then 'wallet transaction without a type'
            when wal.movement is null
                then 'unknown wallet transaction type ' || wal.type
            when wal.status is null then 'wallet transaction without a status'
            when wal.status not in ('pending', 'completed', 'failed', 'voided')
                then 'unknown status ' || wal.status
            when (wal.amount > 0 and {{ is_bounded('wal.amount') }}) is not true
                then 'wallet transaction without a valid amount'
            when
                (
                    {{ base_rate('wal', 'ten') }} > 0
                    and {{ is_bounded(base_rate('wal', 'ten'), 10) }}
                ) is not true
                then 'wallet transaction without a valid exchange rate'
            when
                not {{ is_bounded('wal.amount * greatest(wal.exchange_rate, 1)') }}
                then 'wallet transaction without a valid amount at its rate'
            when
                wal.status in ('completed', 'voided')
                and not {{ is_dated('wal.transacted_at') }}
                then 'wallet transaction without its date'
            when
                wal.status = 'voided'
                and not {{ is_dated('wal.voided_at') }}
                then 'voided wallet transaction without its date'
            when wal.invoice_id is not null and inv.id is null
                then 'wallet transaction without its invoice'
            when
                wal.movement = 'refund'
                and wal.payment_id is not null
                and pay.id is null
                then 'wallet refund without its payment'
        end as reject_reason
    from classified_transactions as wal
    left join tenants as ten on wal.tenant_id = ten.tenant_id
    left join currencies as cur on wal.currency_code = cur.currency_code
    left join invoices as inv
        on wal.tenant_id = inv.tenant_id and wal.invoice_id = inv.id
    left join payments as pay
        on wal.tenant_id = pay.tenant_id and wal.payment_id = pay.id
),

renamed_transactions as (
    select
        tenant_id,
        id as wallet_transaction_id,
        wallet_id,
        patient_id,
        payment_id,
        invoice_id,
        movement,
        type as wallet_type,
        method as payment_method,
        currency_code,
        base_rate,
        amount,
        status in ('completed', 'voided') as is_posted,
        transaction_date,
        case when status = 'voided' then voided_date end as void_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_transactions
)

select * from renamed_transactions
