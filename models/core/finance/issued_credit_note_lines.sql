{# grain: one row per line of an issued credit note #}
with credit_note_lines as (
    select * from {{ from_systems('credit_note_lines') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- one for an invoice that is not issued, or in another currency, is free-standing (A7, A10)
issued_lines as (
    select
        cre.tenant_id,
        cre.credit_note_id,
        cre.line_id,
        cre.invoice_id,
        cre.invoice_line_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, cre.payer_id) as payer_id,
        coalesce(inv.patient_id, cre.patient_id) as patient_id,
        cre.share,
        inv.source_app,
        cre.currency_code,
        round(cre.amount, cur.exponent) as net_amount,
        round(coalesce(cre.tax_amount, 0), cur.exponent) as tax_amount,
        cre.base_rate,
        cur.exponent,
        coalesce(inv.currency_code = cre.currency_code, false) as has_invoice,
        greatest(cre.credit_date, inv.invoice_date) as credit_date,
        cre.void_date,
        cre.recorded_at
    from credit_note_lines as cre
    left join invoices as inv
        on cre.tenant_id = inv.tenant_id and cre.invoice_id = inv.invoice_id
    inner join currencies as cur on cre.currency_code = cur.currency_code
    where cre.is_posted and {{ is_kept('cre') }}
)

select * from issued_lines
