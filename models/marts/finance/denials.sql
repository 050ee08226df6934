{# grain: one row per claim that was denied, as a whole or in part #}
with claims as (
    select * from {{ ref('fct_claims') }}
),

payers as (
    select * from {{ ref('dim_payers') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

denied_claims as (
    select
        clm.tenant_id,
        clm.claim_id,
        clm.invoice_id,
        clm.payer_id,
        clm.patient_id,
        inv.department_id,
        clm.claim_number,
        inv.invoice_number,
        coalesce(pay.payer_name, 'Unknown payer') as payer_name,
        dep.department_name,
        clm.status,
        clm.denial_reason,
        clm.currency_code,
        clm.claimed_amount,
        clm.approved_amount,
        clm.denied_amount,
        clm.paid_amount,
        clm.decision_date - clm.submission_date as days_to_decision,
        clm.status = 'denied' as is_denied_as_a_whole,
        clm.submission_date,
        clm.decision_date as business_date,
        clm.recorded_at
    from claims as clm
    left join payers as pay
        on clm.tenant_id = pay.tenant_id and clm.payer_id = pay.payer_id
    left join invoices as inv
        on clm.tenant_id = inv.tenant_id and clm.invoice_id = inv.invoice_id
    left join departments as dep
        on inv.tenant_id = dep.tenant_id and inv.department_id = dep.department_id
    where clm.denied_amount > 0
)

select * from denied_claims
