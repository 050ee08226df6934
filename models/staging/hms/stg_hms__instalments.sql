{# grain: one row per instalment of an invoice #}
with invoice_instalments as (
    select * from {{ source('hms', 'invoice_instalments') }}
),

other_instalments as (
    select * from {{ source('hms', 'invoice_instalments') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

judged_instalments as (
    select
        ins.*,
        case
            when inv.id is null then 'instalment without its invoice'
            when ins.number is null then 'instalment without its number'
            when ins.due_date is null then 'instalment without its due date'
            when (ins.amount >= 0 and {{ is_bounded('ins.amount') }}) is not true
                then 'instalment without a valid amount'
            when
                exists (
                    select from other_instalments as oth
                    where
                        oth.tenant_id = ins.tenant_id
                        and oth.invoice_id = ins.invoice_id
                        and oth.number = ins.number
                        and oth.id < ins.id
                )
                then 'instalment with the number of another'
        end as reject_reason,
        to_jsonb(ins.*) - 'landed_in' as raw_row
    from invoice_instalments as ins
    left join invoices as inv
        on ins.tenant_id = inv.tenant_id and ins.invoice_id = inv.id
),

instalments as (
    select
        tenant_id,
        invoice_id,
        id as instalment_id,
        number as instalment_number,
        amount,
        -- a day beyond the calendar is due as early, or as late, as can be
        case
            when due_date is not null
                then greatest(least(due_date, '2199-12-31'), '1900-01-01')
        end as due_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_instalments
)

select * from instalments
