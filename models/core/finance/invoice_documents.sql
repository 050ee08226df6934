{# grain: one row per document that may move the receivable of an invoice, and invoice #}
with invoices as (
    select * from {{ ref('fct_invoices') }}
),

payments as (
    select * from {{ from_systems('payments', beside='credit_note_lines') }}
),

payment_allocations as (
    select * from {{ from_systems('payment_allocations', beside='credit_note_lines') }}
),

refunds as (
    select * from {{ from_systems('refunds', beside='credit_note_lines') }}
),

payment_refunds as (
    select * from {{ ref('executed_refunds') }}
),

refunded_payments as (
    select * from {{ from_systems('payments', beside='credit_note_lines') }}
),

allocation_refunds as (
    select * from {{ ref('executed_refunds') }}
),

refunded_allocations as (
    select *
    from {{ from_systems('payment_allocations', beside='credit_note_lines') }}
),

wallet_transactions as (
    select * from {{ from_systems('wallet_transactions', beside='credit_note_lines') }}
),

-- of every system: those on an invoice that is not issued yet are found here only
adjustments as (
    select * from {{ from_systems('adjustments') }}
),

credit_note_applications as (
    select * from {{ ref('credit_note_applications') }}
),

-- `union` because a payment may name an invoice itself and in an allocation
invoice_documents as (
    select
        tenant_id,
        invoice_id,
        'invoice' as document_type,
        invoice_id as document_id
    from invoices
    union
    select
        tenant_id,
        invoice_id,
        'payment' as document_type,
        payment_id as document_id
    from payments
    union
    select
        tenant_id,
        invoice_id,
        'payment' as document_type,
        payment_id as document_id
    from payment_allocations
    union
    select
        tenant_id,
        invoice_id,
        'refund' as document_type,
        refund_id as document_id
    from refunds
    union
    select
        pay.tenant_id,
        pay.invoice_id,
        rfd.document_type,
        rfd.document_id
    from refunded_payments as pay
    inner join lateral (
        select
            inn.document_type,
            inn.document_id
        from payment_refunds as inn
        where inn.tenant_id = pay.tenant_id and inn.payment_id = pay.payment_id
        offset 0
    ) as rfd on true
    union
    select
        alc.tenant_id,
        alc.invoice_id,
        rfd.document_type,
        rfd.document_id
    from refunded_allocations as alc
    inner join lateral (
        select
            inn.document_type,
            inn.document_id
        from allocation_refunds as inn
        where inn.tenant_id = alc.tenant_id and inn.payment_id = alc.payment_id
        offset 0
    ) as rfd on true
    union
    select
        tenant_id,
        invoice_id,
        'wallet_transaction' as document_type,
        wallet_transaction_id as document_id
    from wallet_transactions
    union
    select
        tenant_id,
        invoice_id,
        'adjustment' as document_type,
        adjustment_id as document_id
    from adjustments
    union
    select
        tenant_id,
        invoice_id,
        'credit_note_allocation' as document_type,
        allocation_id as document_id
    from credit_note_applications
)

select * from invoice_documents
