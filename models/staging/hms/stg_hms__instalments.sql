{# grain: one row per instalment of an invoice #}
with invoice_instalments as (
    select * from {{ source('hms', 'invoice_instalments') }}
),

judged_instalments as (
    select
        ins.*,
        case
            when ins.number is null then 'instalment without its number'
            when (ins.amount >= 0 and {{ is_bounded('ins.amount') }}) is not true
                then 'instalment without a valid amount'
        end as reject_reason,
        to_jsonb(ins.*) - 'landed_in' as raw_row
    from invoice_instalments as ins
),

instalments as (
    select
        tenant_id,
        invoice_id,
        id as instalment_id,
        number as instalment_number,
        amount,
        -- a day beyond the calendar is due as early, or as late, as can be
        greatest(least(due_date, '2199-12-31'), '1900-01-01') as due_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_instalments
)

select * from instalments
