{# grain: one row per posting that moves the receivable of an invoice, credit notes aside #}
with invoice_lines as (
    select * from {{ ref('postings_from_invoice_lines') }}
),

payments as (
    select * from {{ ref('postings_from_payments') }}
),

refunds as (
    select * from {{ ref('postings_from_refunds') }}
),

wallet_transactions as (
    select * from {{ ref('postings_from_wallet_transactions') }}
),

adjustments as (
    select * from {{ ref('postings_from_adjustments') }}
),

credit_note_allocations as (
    select * from {{ ref('postings_from_credit_note_allocations') }}
),

postings as (
    select * from invoice_lines
    union all
    select * from payments
    union all
    select * from refunds
    union all
    select * from wallet_transactions
    union all
    select * from adjustments
    union all
    select * from credit_note_allocations
),

movements as (
    select
        tenant_id,
        document_type,
        document_id,
        invoice_id,
        share,
        case debit_account when 'receivable' then amount else -amount end as amount,
        business_date
    from postings
    where 'receivable' in (debit_account, credit_account)
)

select * from movements
