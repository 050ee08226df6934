{# grain: one row per tenant, as-of date, patient and currency #}
with aged_invoices as (
    select * from {{ ref('ar_aging_invoices') }}
),

unapplied_credits as (
    select * from {{ ref('unapplied_credits') }}
),

measures as (
    select
        tenant_id,
        debtor_id as patient_id,
        document_type,
        document_id,
        currency_code,
        days_past_due,
        outstanding_amount as gross_amount,
        0 as unapplied_credit_amount,
        as_of_date,
        invoice_date,
        due_date
    from aged_invoices
    where share = 'patient' and outstanding_amount <> 0
    union all
    select
        tenant_id,
        debtor_id as patient_id,
        null as document_type,
        null as document_id,
        currency_code,
        null as days_past_due,
        0 as gross_amount,
        unapplied_credit_amount,
        as_of_date,
        null as invoice_date,
        null as due_date
    from unapplied_credits
    where share = 'patient' and unapplied_credit_amount <> 0
),

patient_dues as (
    select
        tenant_id,
        patient_id,
        currency_code,
        sum(gross_amount)::numeric(18, 4) as gross_amount,
        coalesce(sum(gross_amount) filter (where days_past_due > 0), 0)
        ::numeric(18, 4) as overdue_amount,
        sum(unapplied_credit_amount)::numeric(18, 4) as unapplied_credit_amount,
        sum(gross_amount - unapplied_credit_amount)::numeric(18, 4) as net_amount,
        count(distinct row(document_type, document_id)) filter (where gross_amount > 0)
            as owed_document_count,
        max(greatest(days_past_due, 0)) filter (where gross_amount > 0)
            as days_past_due,
        as_of_date,
        min(invoice_date) filter (where gross_amount > 0) as oldest_invoice_date,
        min(due_date) filter (where gross_amount > 0) as oldest_due_date
    from measures
    group by tenant_id, as_of_date, patient_id, currency_code
)

select * from patient_dues
