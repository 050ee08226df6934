{# grain: one row per payment, pending and failed ones included #}
with payments as (
    select * from {{ source('hms', 'payments') }}
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

wallet_transactions as (
    select * from {{ source('hms', 'wallet_transactions') }}
),

judged_payments as (
    select
        pay.*,
        -- the payment of a top-up is its receipt (R6)
        case when (wal.type is distinct from 'top_up') then wal.patient_id end
            as wallet_patient_id,
        inv.patient_id as invoice_patient_id,
        inv.payer_id as invoice_payer_id,
        {{ base_rate('pay', 'ten') }} as base_rate,
        {{ business_hour('pay.paid_at', 'ten') }} as receipt_hour,
        {{ business_date('pay.paid_at', 'ten') }} as payment_date,
        {{ business_date('pay.voided_at', 'ten') }} as voided_date,
        case
            when ten.tenant_id is null then 'payment without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when pay.currency_code is null then 'payment without a currency'
            when cur.currency_code is null then 'unknown currency ' || pay.currency_code
            when pay.status is null then 'payment without a status'
            when
                pay.status not in (
                    'pending',
                    'completed',
                    'failed',
                    'partially_refunded',
                    'refunded',
                    'voided'
                )
                then 'unknown status ' || pay.status
            when pay.method is null then 'payment without a method'
            when (pay.amount > 0 and {{ is_bounded('pay.amount') }}) is not true
                then 'payment without a valid amount'
            when
                (
                    {{ base_rate('pay', 'ten') }} > 0
                    and {{ is_bounded(base_rate('pay', 'ten'), 10) }}
                ) is not true
                then 'payment without a valid exchange rate'
            when
                not {{ is_bounded('pay.amount * greatest(pay.exchange_rate, 1)') }}
                then 'payment without a valid amount at its rate'
            when
                pay.status not in ('pending', 'failed')
                and not {{ is_dated('pay.paid_at') }}
                then 'payment without its date'
            when
                pay.status = 'voided'
                and not {{ is_dated('pay.voided_at') }}
                then 'voided payment without its date'
            when pay.invoice_id is not null and inv.id is null
                then 'payment without its invoice'
        end as reject_reason,
        to_jsonb(pay.*) - 'landed_in' as raw_row
    from payments as pay
    left join tenants as ten on pay.tenant_id = ten.tenant_id
    left join currencies as cur on pay.currency_code = cur.currency_code
    left join invoices as inv
        on pay.tenant_id = inv.tenant_id and pay.invoice_id = inv.id
    left join wallet_transactions as wal
        on pay.tenant_id = wal.tenant_id and pay.wallet_transaction_id = wal.id
),

renamed_payments as (
    select
        tenant_id,
        id as payment_id,
        invoice_id,
        -- what a wallet pays is its patient's (V4); who is not named is who owes the invoice, be
        -- it issued or not
        coalesce(wallet_patient_id, patient_id, invoice_patient_id) as patient_id,
        case
            when method = 'insurance' then coalesce(payer_id, invoice_payer_id)
            else payer_id
        end as payer_id,
        method as payment_method,
        case
            when payer_id is not null or method = 'insurance' then 'payer'
            else 'patient'
        end as share,
        currency_code,
        base_rate,
        amount,
        wallet_transaction_id,
        status not in ('pending', 'failed') as is_posted,
        receipt_hour,
        payment_date,
        case when status = 'voided' then voided_date end as void_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_payments
)

select * from renamed_payments
