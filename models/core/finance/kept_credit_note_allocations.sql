{# grain: one row per allocation of a credit note to an invoice that is not set aside #}
with allocations as (
    select *
    from {{ from_systems('credit_note_allocations', beside='credit_note_lines') }}
),

kept_allocations as (
    select
        tenant_id,
        allocation_id,
        credit_note_id,
        invoice_id,
        amount,
        allocation_date,
        recorded_at
    from allocations
    where {{ is_kept() }}
)

select * from kept_allocations
