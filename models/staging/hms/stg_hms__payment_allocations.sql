{# grain: one row per allocation of a payment to an invoice #}
with payment_allocations as (
    select * from {{ source('hms', 'payment_allocations') }}
),

all_allocations as (
    select * from {{ source('hms', 'payment_allocations') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

payments as (
    select * from {{ source('hms', 'payments') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

judged_allocations as (
    select
        alc.*,
        {{ business_date('alc.allocated_at', 'ten') }} as allocation_date,
        case
            when ten.tenant_id is null then 'allocation without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when pay.id is null then 'allocation without its payment'
            when inv.id is null then 'allocation without its invoice'
            when (alc.amount > 0 and {{ is_bounded('alc.amount') }}) is not true
                then 'allocation without a valid amount'
            when not {{ is_dated('alc.allocated_at') }}
                then 'allocation without its date'
            -- a window would keep a look-up by invoice from reaching the index
            when
                (
                    select sum(oth.amount)
                    from all_allocations as oth
                    where
                        oth.tenant_id = alc.tenant_id
                        and oth.payment_id = alc.payment_id
                ) > pay.amount
                then 'allocations beyond their payment'
        end as reject_reason,
        to_jsonb(alc.*) - 'landed_in' as raw_row
    from payment_allocations as alc
    left join tenants as ten on alc.tenant_id = ten.tenant_id
    left join payments as pay
        on alc.tenant_id = pay.tenant_id and alc.payment_id = pay.id
    left join invoices as inv
        on alc.tenant_id = inv.tenant_id and alc.invoice_id = inv.id
),

renamed_allocations as (
    select
        tenant_id,
        payment_id,
        id as allocation_id,
        invoice_id,
        amount,
        allocation_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_allocations
)

select * from renamed_allocations
