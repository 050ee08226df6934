{# grain: one row per receipt #}
with receipts as (
    select * from {{ source('clinic', 'receipts') }}
),

tenants as (
    select * from {{ ref('stg_clinic__tenants') }}
),

bills as (
    select * from {{ source('clinic', 'bills') }}
),

judged_receipts as (
    select
        rec.*,
        ten.currency_code,
        {{ business_hour('rec.taken', 'ten') }} as receipt_hour,
        {{ business_date('rec.taken', 'ten') }} as payment_date,
        case
            when ten.reject_reason is not null then ten.reject_reason
            when (rec.amount > 0 and rec.amount < 'Infinity') is not true
                then 'payment without a valid amount'
            when rec.bill_id is not null and bil.id is null
                then 'payment without its invoice'
        end as reject_reason,
        to_jsonb(rec.*) - 'landed_in' as raw_row
    from receipts as rec
    inner join tenants as ten on rec.tenant_id = ten.tenant_id
    left join bills as bil
        on rec.tenant_id = bil.tenant_id and rec.bill_id = bil.id
),

payments as (
    select
        tenant_id,
        id as payment_id,
        bill_id as invoice_id,
        null::bigint as patient_id,
        null::bigint as payer_id,
        case method when 'mobile' then 'mobile_money' else method end
            as payment_method,
        'patient' as share,
        currency_code,
        1::numeric as base_rate,
        amount,
        null::bigint as wallet_transaction_id,
        true as is_posted,
        receipt_hour,
        payment_date,
        null::date as void_date,
        changed as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_receipts
)

select * from payments
