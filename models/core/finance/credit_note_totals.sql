{# grain: one row per issued credit note, invoice and share #}
with issued_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

credit_note_totals as (
    select
        tenant_id,
        credit_note_id,
        invoice_id,
        share,
        sum(net_amount + tax_amount) as amount,
        min(credit_date) as credit_date,
        max(void_date) as void_date
    from issued_lines
    where has_invoice
    group by tenant_id, credit_note_id, invoice_id, share
)

select * from credit_note_totals
