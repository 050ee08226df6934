{# grain: one row per invoice, drafts included #}
with invoice_headers as (
    select * from {{ ref('stg_hms__invoice_headers') }}
),

invoices as (
    select
        tenant_id,
        invoice_id,
        patient_id,
        payer_id,
        department_id,
        practitioner_id,
        invoice_number,
        source_app,
        currency_code,
        base_rate,
        total_amount,
        tax_amount,
        is_posted,
        invoice_hour,
        invoice_date,
        due_date,
        void_date,
        recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from invoice_headers
)

select * from invoices
