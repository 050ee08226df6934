{# grain: one row per posting of a closed period that was added or taken away since it closed #}
with restated_postings as (
    select * from {{ ref('fct_restated_postings') }}
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
        res.tenant_id,
        res.document_id,
        res.line_id,
        res.invoice_id,
        res.patient_id,
        res.department_id,
        res.practitioner_id,
        res.payer_id,
        res.service_id,
        res.product_id,
        res.closing_id,
        res.closed_in,
        res.changed_in,
        res.document_type,
        res.event_type,
        res.share,
        res.debit_account,
        res.credit_account,
        dep.department_name,
        pra.practitioner_name,
        pay.payer_name,
        res.attribution_method,
        res.revenue_point_code,
        res.revenue_point_rule,
        res.service_category,
        res.patient_type,
        res.payment_method,
        res.tax_code,
        res.currency_code,
        res.amount,
        res.base_amount,
        res.tax_rate,
        res.is_reversal,
        res.carried_to,
        res.carried_from,
        res.is_added,
        res.business_date,
        res.recorded_at
    from restated_postings as res
    left join departments as dep
        on res.tenant_id = dep.tenant_id and res.department_id = dep.department_id
    left join practitioners as pra
        on
            res.tenant_id = pra.tenant_id
            and res.practitioner_id = pra.practitioner_id
    left join payers as pay
        on res.tenant_id = pay.tenant_id and res.payer_id = pay.payer_id
)

select * from labelled_postings
