{# grain: one row per allocation of a credit note to an invoice #}
with credit_note_allocations as (
    select * from {{ source('hms', 'credit_note_allocations') }}
),

all_allocations as (
    select * from {{ source('hms', 'credit_note_allocations') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

credit_notes as (
    select * from {{ source('hms', 'credit_notes') }}
),

credit_note_items as (
    select * from {{ source('hms', 'credit_note_items') }}
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
            when cre.id is null then 'allocation without its credit note'
            when inv.id is null then 'allocation without its invoice'
            when (alc.amount > 0 and {{ is_bounded('alc.amount') }}) is not true
                then 'allocation without a valid amount'
            when not {{ is_dated('alc.allocated_at') }}
                then 'allocation without its date'
            when cre.currency_code <> inv.currency_code
                then 'allocation in another currency than its invoice'
            -- a window would keep a look-up by invoice from reaching the index
            when
                (
                    select sum(oth.amount)
                    from all_allocations as oth
                    where
                        oth.tenant_id = alc.tenant_id
                        and oth.credit_note_id = alc.credit_note_id
                        and oth.amount > 0
                        and {{ is_bounded('oth.amount') }}
                ) > coalesce(
                    (
                        select sum(itm.net_amount + coalesce(itm.tax_amount, 0))
                        from credit_note_items as itm
                        where
                            itm.tenant_id = alc.tenant_id
                            and itm.credit_note_id = alc.credit_note_id
                            and itm.net_amount > 0
                            and {{ is_bounded('itm.net_amount') }}
                            and coalesce(itm.tax_amount, 0) >= 0
                            and {{ is_bounded('coalesce(itm.tax_amount, 0)') }}
                    ),
                    0
                )
                then 'allocations beyond their credit note'
        end as reject_reason,
        to_jsonb(alc.*) - 'landed_in' as raw_row
    from credit_note_allocations as alc
    left join tenants as ten on alc.tenant_id = ten.tenant_id
    left join credit_notes as cre
        on alc.tenant_id = cre.tenant_id and alc.credit_note_id = cre.id
    left join invoices as inv
        on alc.tenant_id = inv.tenant_id and alc.invoice_id = inv.id
),

renamed_allocations as (
    select
        tenant_id,
        credit_note_id,
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
