{# grain: one row per posting: an amount that moves from a credit to a debit account #}
with invoice_lines as (
    select * from {{ ref('postings_from_invoice_lines') }}
),

payments as (
    select * from {{ ref('postings_from_payments') }}
),

refunds as (
    select * from {{ ref('postings_from_refunds') }}
),

credit_note_allocations as (
    select * from {{ ref('postings_from_credit_note_allocations') }}
),

used_credit_notes as (
    select * from {{ ref('postings_from_used_credit_notes') }}
),

credit_notes as (
    select * from {{ ref('postings_from_credit_notes') }}
),

wallet_transactions as (
    select * from {{ ref('postings_from_wallet_transactions') }}
),

adjustments as (
    select * from {{ ref('postings_from_adjustments') }}
),

ledger_entries as (
    select * from {{ ref('postings_from_ledger_entries') }}
),

tenants as (
    select * from {{ ref('dim_tenants') }}
),

postings as (
    select * from invoice_lines
    union all
    select * from payments
    union all
    select * from refunds
    union all
    select * from credit_note_allocations
    union all
    select * from used_credit_notes
    union all
    select * from credit_notes
    union all
    select * from wallet_transactions
    union all
    select * from adjustments
    union all
    select * from ledger_entries
),

pointed_postings as (
    {{ with_revenue_point('postings') }}
),

-- each amount in the tenant's currency is rounded on its own
translated_postings as (
    select
        pos.tenant_id,
        pos.document_type,
        pos.document_id,
        pos.line_id,
        pos.invoice_id,
        pos.department_id,
        pos.practitioner_id,
        pos.payer_id,
        pos.patient_id,
        pos.service_id,
        pos.product_id,
        pos.event_type,
        pos.share,
        pos.debit_account,
        pos.credit_account,
        pos.debit_ledger_account,
        pos.credit_ledger_account,
        pos.revenue_point_code,
        pos.revenue_point_rule,
        pos.wallet_type,
        pos.service_category,
        pos.patient_type,
        pos.tax_code,
        pos.payment_method,
        pos.attribution_method,
        pos.currency_code,
        pos.amount,
        round(pos.base_amount, ten.currency_exponent)::numeric(18, 4) as base_amount,
        pos.tax_rate::numeric(18, 4) as tax_rate,
        pos.receipt_hour,
        pos.is_reversal,
        pos.business_date,
        pos.recorded_at
    from pointed_postings as pos
    inner join tenants as ten on pos.tenant_id = ten.tenant_id
),

placed_postings as (
    {{ with_closed_periods('translated_postings') }}
)

select * from placed_postings
