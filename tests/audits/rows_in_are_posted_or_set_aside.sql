{# R6: every good row that moves money or stock is in the journal, and every other row that
   should is set aside: nothing is lost on the way #}
with invoice_lines as (
    select *
    from {{ recomputed(from_systems('invoice_lines'), 'invoice', 'invoice_id') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

payments as (
    select * from {{ recomputed(from_systems('payments'), 'payment', 'payment_id') }}
),

refunds as (
    select * from {{ recomputed(from_systems('refunds'), 'refund', 'refund_id') }}
),

credit_note_lines as (
    select *
    from {{
            recomputed(
                from_systems('credit_note_lines'), 'credit_note', 'credit_note_id'
            )
        }}
),

wallet_transactions as (
    select * from {{
        recomputed(
            from_systems('wallet_transactions'), 'wallet_transaction', 'wallet_transaction_id'
        )
    }}
),

adjustments as (
    select *
    from {{ recomputed(from_systems('adjustments'), 'adjustment', 'adjustment_id') }}
),

adjusted_invoices as (
    select * from {{ ref('fct_invoices') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

expected_rows as (
    select
        lin.tenant_id,
        'invoice' as document_type,
        lin.invoice_id as document_id,
        lin.line_id
    from invoice_lines as lin
    inner join invoices as inv
        on lin.tenant_id = inv.tenant_id and lin.invoice_id = inv.invoice_id
    where
        lin.reject_reason is null
        and lin.quantity * lin.unit_price >= 1
    union all
    select
        tenant_id,
        'payment' as document_type,
        payment_id as document_id,
        null::bigint as line_id
    from payments
    where reject_reason is null and is_posted and amount >= 1
    union all
    select
        tenant_id,
        'refund' as document_type,
        refund_id as document_id,
        null::bigint as line_id
    from refunds
    where reject_reason is null and is_posted and amount >= 1
    union all
    select
        tenant_id,
        'credit_note' as document_type,
        credit_note_id as document_id,
        line_id
    from credit_note_lines
    where reject_reason is null and is_posted and amount >= 1
    union all
    -- a use may stand beside its payment, which then posts it
    select
        tenant_id,
        'wallet_transaction' as document_type,
        wallet_transaction_id as document_id,
        null::bigint as line_id
    from wallet_transactions
    where
        reject_reason is null
        and is_posted
        and amount >= 1
        and movement <> 'use'
    union all
    select
        adj.tenant_id,
        'adjustment' as document_type,
        adj.adjustment_id as document_id,
        null::bigint as line_id
    from adjustments as adj
    inner join adjusted_invoices as inv
        on
            adj.tenant_id = inv.tenant_id
            and adj.invoice_id = inv.invoice_id
            and adj.currency_code = inv.currency_code
    where
        adj.reject_reason is null
        and adj.status = 'approved'
        and adj.amount >= 1
),

lost_rows as (
    select exp.*
    from expected_rows as exp
    where not exists (
            select 1 from postings as pos
            where
                pos.tenant_id = exp.tenant_id
                and pos.document_type = exp.document_type
                and pos.document_id = exp.document_id
                and pos.line_id = coalesce(exp.line_id, pos.line_id)
        )
)

select * from lost_rows
