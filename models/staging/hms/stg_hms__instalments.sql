{# grain: one row per invoice and instalment #}
with invoice_instalments as (
    select * from {{ source('hms', 'invoice_instalments') }}
),

instalments as (
    select
        ins.tenant_id,
        ins.invoice_id,
        ins.number as instalment_number,
        -- a day beyond the calendar is due as early, or as late, as can be
        greatest(least(ins.due_date, '2199-12-31'), '1900-01-01') as due_date,
        ins.amount
    from invoice_instalments as ins
)

select * from instalments
