{# grain: one row per credit note and other invoice that it is allocated to, and allocation #}
with allocations as (
    select * from {{ ref('kept_credit_note_allocations') }}
),

credit_note_lines as (
    select * from {{ ref('issued_credit_note_lines') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

-- A2, A10. Its own invoice is what a credit note is for without an allocation (A7).
applications as (
    select
        alc.tenant_id,
        alc.allocation_id,
        alc.credit_note_id,
        alc.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, cre.payer_id) as invoice_payer_id,
        coalesce(inv.patient_id, cre.patient_id) as invoice_patient_id,
        cre.payer_id as holder_payer_id,
        cre.patient_id as holder_patient_id,
        cre.share,
        inv.source_app,
        cre.currency_code,
        cre.base_rate,
        round(alc.amount, cre.exponent)::numeric(18, 4) as amount,
        cre.amount as credited_amount,
        greatest(alc.allocation_date, cre.credit_date, inv.invoice_date)
            as application_date,
        cre.void_date,
        greatest(alc.recorded_at, cre.recorded_at) as recorded_at
    from allocations as alc
    inner join lateral (
        select
            min(inn.invoice_id) as invoice_id,
            min(inn.patient_id) as patient_id,
            min(inn.payer_id) as payer_id,
            min(inn.share) as share,
            min(inn.currency_code) as currency_code,
            min(inn.base_rate) as base_rate,
            min(inn.exponent) as exponent,
            sum(inn.net_amount + inn.tax_amount) as amount,
            min(inn.credit_date) as credit_date,
            max(inn.void_date) as void_date,
            max(inn.recorded_at) as recorded_at
        from credit_note_lines as inn
        where
            inn.tenant_id = alc.tenant_id
            and inn.credit_note_id = alc.credit_note_id
    ) as cre on true
    inner join invoices as inv
        on
            alc.tenant_id = inv.tenant_id
            and alc.invoice_id = inv.invoice_id
            and cre.currency_code = inv.currency_code
    where alc.invoice_id <> coalesce(cre.invoice_id, 0)
)

select * from applications
