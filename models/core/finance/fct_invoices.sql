{# grain: one row per issued invoice #}
with invoices as (
    select * from {{ from_systems('invoices') }}
),

payers as (
    select * from {{ from_systems('payers') }}
),

-- A4: the source's due date, else the payer's terms, else the day of issue
issued_invoices as (
    select
        inv.tenant_id,
        inv.invoice_id,
        inv.patient_id,
        inv.payer_id,
        inv.department_id,
        inv.practitioner_id,
        inv.invoice_number,
        inv.source_app,
        null::text as wallet_type,
        null::text as service_category,
        inv.currency_code,
        inv.base_rate::numeric(18, 8) as base_rate,
        case
            when inv.due_date is not null then 'source'
            when pay.terms_days is not null then 'terms'
            else 'invoice_date'
        end as due_date_rule,
        inv.invoice_hour,
        inv.total_amount::numeric(18, 4) as total_amount,
        inv.tax_amount::numeric(18, 4) as tax_amount,
        inv.invoice_date,
        coalesce(
            inv.due_date, inv.invoice_date + coalesce(pay.terms_days, 0)
        ) as due_date,
        inv.void_date,
        case when inv.void_date is not null then inv.recorded_at end as voided_at
    from invoices as inv
    left join payers as pay
        on inv.tenant_id = pay.tenant_id and inv.payer_id = pay.payer_id
    where inv.is_posted and {{ is_kept('inv') }}
),

pointed_invoices as (
    {{ with_revenue_point('issued_invoices') }}
),

invoices_with_point as (
    select
        tenant_id,
        invoice_id,
        patient_id,
        payer_id,
        department_id,
        practitioner_id,
        invoice_number,
        source_app,
        revenue_point_code,
        currency_code,
        base_rate,
        due_date_rule,
        invoice_hour,
        total_amount,
        tax_amount,
        invoice_date,
        due_date,
        void_date,
        voided_at
    from pointed_invoices
)

select * from invoices_with_point
