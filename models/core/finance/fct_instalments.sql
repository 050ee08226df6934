{# grain: one row per instalment of an invoice payable in parts #}
with instalments as (
    select * from {{ from_systems('instalments') }}
),

dated_instalments as (
    select
        tenant_id,
        invoice_id,
        instalment_number,
        amount::numeric(18, 4) as amount,
        due_date
    from instalments
    where {{ is_kept() }}
)

select * from dated_instalments
