{# grain: one row per posting #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

practitioners as (
    select * from {{ ref('dim_practitioners') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

labelled_postings as (
    select
        pos.tenant_id,
        pos.document_id,
        pos.line_id,
        pos.invoice_id,
        pos.patient_id,
        pos.department_id,
        pos.practitioner_id,
        pos.payer_id,
        pos.service_id,
        pos.product_id,
        pos.document_type,
        pos.event_type,
        pos.share,
        pos.debit_account,
        pos.credit_account,
        dep.department_name,
        pra.practitioner_name,
        pay.payer_name,
        pos.attribution_method,
        pos.revenue_point_code,
        pos.revenue_point_rule,
        pos.service_category,
        pos.patient_type,
        pos.payment_method,
        pos.tax_code,
        pos.currency_code,
        pos.amount,
        pos.base_amount,
        pos.tax_rate,
        pos.is_reversal,
        pos.carried_to,
        pos.carried_from,
        pos.business_date,
        pos.recorded_at
    from postings as pos
    left join departments as dep
        on pos.tenant_id = dep.tenant_id and pos.department_id = dep.department_id
    left join practitioners as pra
        on
            pos.tenant_id = pra.tenant_id
            and pos.practitioner_id = pra.practitioner_id
    left join payers as pay
        on pos.tenant_id = pay.tenant_id and pos.payer_id = pay.payer_id
)

select * from labelled_postings
