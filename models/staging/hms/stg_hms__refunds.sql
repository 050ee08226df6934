{# grain: one row per refund, asked for or executed #}
with refunds as (
    select * from {{ source('hms', 'refunds') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

payments as (
    select * from {{ source('hms', 'payments') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

judged_refunds as (
    select
        rfd.*,
        {{ base_rate('rfd', 'ten') }} as base_rate,
        {{ business_date('rfd.executed_at', 'ten') }} as refund_date,
        {{ business_date('rfd.voided_at', 'ten') }} as voided_date,
        case
            when ten.tenant_id is null then 'refund without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when rfd.currency_code is null then 'refund without a currency'
            when cur.currency_code is null then 'unknown currency ' || rfd.currency_code
            when rfd.status is null then 'refund without a status'
            when
                rfd.status not in (
                    'requested', 'approved', 'executed', 'rejected', 'voided'
                )
                then 'unknown status ' || rfd.status
            when rfd.share not in ('patient', 'payer')
                then 'refund without a valid share'
            when (rfd.amount > 0 and {{ is_bounded('rfd.amount') }}) is not true
                then 'refund without a valid amount'
            when
                (
                    {{ base_rate('rfd', 'ten') }} > 0
                    and {{ is_bounded(base_rate('rfd', 'ten'), 10) }}
                ) is not true
                then 'refund without a valid exchange rate'
            when
                not {{ is_bounded('rfd.amount * greatest(rfd.exchange_rate, 1)') }}
                then 'refund without a valid amount at its rate'
            when
                (rfd.status = 'executed' or rfd.executed_at is not null)
                and not {{ is_dated('rfd.executed_at') }}
                then 'executed refund without its date'
            when
                rfd.status = 'voided'
                and not {{ is_dated('rfd.voided_at') }}
                then 'voided refund without its date'
            when rfd.payment_id is not null and pay.id is null
                then 'refund without its payment'
            when rfd.invoice_id is not null and inv.id is null
                then 'refund without its invoice'
        end as reject_reason,
        to_jsonb(rfd.*) - 'landed_in' as raw_row
    from refunds as rfd
    left join tenants as ten on rfd.tenant_id = ten.tenant_id
    left join currencies as cur on rfd.currency_code = cur.currency_code
    left join payments as pay
        on rfd.tenant_id = pay.tenant_id and rfd.payment_id = pay.id
    left join invoices as inv
        on rfd.tenant_id = inv.tenant_id and rfd.invoice_id = inv.id
),

renamed_refunds as (
    select
        tenant_id,
        id as refund_id,
        payment_id,
        credit_note_id,
        invoice_id,
        patient_id,
        method as payment_method,
        coalesce(share, 'patient') as share,
        currency_code,
        base_rate,
        amount,
        -- R4: the money moves when the refund is executed
        status in ('executed', 'voided') and executed_at is not null as is_posted,
        refund_date,
        case when status = 'voided' then voided_date end as void_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_refunds
)

select * from renamed_refunds
