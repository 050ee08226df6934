{# grain: one row per invoice and instalment #}
with invoice_instalments as (
    select * from {{ source('hms', 'invoice_instalments') }}
),

instalments as (
    select
        ins.tenant_id,
        ins.invoice_id,
        ins.number as instalment_number,
        ins.due_date,
        ins.amount
    from invoice_instalments as ins
)

select * from instalments
