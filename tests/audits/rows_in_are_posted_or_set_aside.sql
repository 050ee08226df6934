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

credit_note_allocations as (
    select *
    from {{
            recomputed(
                from_systems('credit_note_allocations'),
                'credit_note_allocation',
                'allocation_id'
            )
        }}
),

allocated_credit_note_lines as (
    select * from {{ from_systems('credit_note_lines') }}
),

allocated_credit_note_refunds as (
    select * from {{ from_systems('refunds', beside='credit_note_lines') }}
),

other_allocations as (
    select * from {{ from_systems('credit_note_allocations') }}
),

credited_invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

wallet_transactions as (
    select * from {{
        recomputed(
            from_systems('wallet_transactions'), 'wallet_transaction', 'wallet_transaction_id'
        )
    }}
),

top_up_payments as (
    select * from {{ from_systems('payments', beside='wallet_transactions') }}
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

-- Those of an issued credit note to another issued invoice of its currency. Which of several uses
-- of a credit note comes first is not looked at: whichever it is, one for which the others leave
-- something finds something.
applied_allocations as (
    select
        alc.tenant_id,
        alc.allocation_id
    from credit_note_allocations as alc
    inner join lateral (
        select
            min(inn.invoice_id) as invoice_id,
            min(inn.currency_code) as currency_code,
            min(cur.exponent) as exponent,
            sum(
                round(inn.amount, cur.exponent) + round(inn.tax_amount, cur.exponent)
            ) as amount
        from allocated_credit_note_lines as inn
        inner join currencies as cur on inn.currency_code = cur.currency_code
        where
            inn.tenant_id = alc.tenant_id
            and inn.credit_note_id = alc.credit_note_id
            and inn.reject_reason is null
            and inn.is_posted
    ) as cre on true
    inner join lateral (
        select coalesce(sum(round(inn.amount, cre.exponent)), 0) as amount
        from allocated_credit_note_refunds as inn
        where
            inn.tenant_id = alc.tenant_id
            and inn.credit_note_id = alc.credit_note_id
            and inn.is_posted
    ) as rfd on true
    inner join lateral (
        select coalesce(sum(round(inn.amount, cre.exponent)), 0) as amount
        from other_allocations as inn
        where
            inn.tenant_id = alc.tenant_id
            and inn.credit_note_id = alc.credit_note_id
            and inn.allocation_id <> alc.allocation_id
            and inn.reject_reason is null
    ) as oth on true
    inner join credited_invoices as inv
        on
            alc.tenant_id = inv.tenant_id
            and alc.invoice_id = inv.invoice_id
            and cre.currency_code = inv.currency_code
    where
        alc.reject_reason is null
        and alc.amount >= 1
        and alc.invoice_id <> coalesce(cre.invoice_id, 0)
        and cre.amount > rfd.amount + oth.amount
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
    select
        tenant_id,
        'credit_note_allocation' as document_type,
        allocation_id as document_id,
        null::bigint as line_id
    from applied_allocations
    union all
    -- a use or a top-up may stand beside its payment, which then posts it
    select
        wal.tenant_id,
        'wallet_transaction' as document_type,
        wal.wallet_transaction_id as document_id,
        null::bigint as line_id
    from wallet_transactions as wal
    where
        wal.reject_reason is null
        and wal.is_posted
        and wal.amount >= 1
        and wal.movement <> 'use'
        and not (
            wal.movement = 'top_up'
            and exists (
                select from top_up_payments as pay
                where
                    pay.tenant_id = wal.tenant_id
                    and (
                        pay.payment_id = wal.payment_id
                        or pay.wallet_transaction_id = wal.wallet_transaction_id
                    )
                    and pay.is_posted
                    and pay.reject_reason is null
            )
        )
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
