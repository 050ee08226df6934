{# grain: one row per source row that is set aside #}
with tenants as (
    select * from {{ from_systems('tenants') }}
),

rows_that_could_not_land as (
    select * from {{ ref('stg_quarantine__rows') }}
),

invoices as (
    select * from {{ from_systems('invoices') }}
),

invoice_lines as (
    select * from {{ from_systems('invoice_lines') }}
),

instalments as (
    select * from {{ from_systems('instalments') }}
),

payments as (
    select * from {{ from_systems('payments') }}
),

payment_allocations as (
    select * from {{ from_systems('payment_allocations') }}
),

refunds as (
    select * from {{ from_systems('refunds') }}
),

credit_note_lines as (
    select * from {{ from_systems('credit_note_lines') }}
),

credit_note_allocations as (
    select * from {{ from_systems('credit_note_allocations') }}
),

wallet_transactions as (
    select * from {{ from_systems('wallet_transactions') }}
),

adjustments as (
    select * from {{ from_systems('adjustments') }}
),

invoices_of_adjustments as (
    select * from {{ ref('fct_invoices') }}
),

ledger_entries as (
    select * from {{ from_systems('ledger_entries') }}
),

stock_movements as (
    select * from {{ from_systems('stock_movements') }}
),

visits as (
    select * from {{ from_systems('visits') }}
),

claims as (
    select * from {{ from_systems('claims') }}
),

quarantined_rows as (
    select
        tenant_id,
        'tenants' as entity,
        0::bigint as document_id,
        0::bigint as row_id,
        reject_reason,
        null::jsonb as rejected_row,
        null::timestamptz as recorded_at
    from tenants
    where reject_reason is not null
    union all
    select
        tenant_id,
        entity,
        document_id,
        row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from rows_that_could_not_land
    union all
    select
        tenant_id,
        'invoices' as entity,
        invoice_id as document_id,
        invoice_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from invoices
    where reject_reason is not null
    union all
    select
        tenant_id,
        'invoice_lines' as entity,
        invoice_id as document_id,
        line_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from invoice_lines
    where reject_reason is not null
    union all
    select
        tenant_id,
        'instalments' as entity,
        invoice_id as document_id,
        instalment_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from instalments
    where reject_reason is not null
    union all
    select
        tenant_id,
        'payments' as entity,
        payment_id as document_id,
        payment_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from payments
    where reject_reason is not null
    union all
    select
        tenant_id,
        'payment_allocations' as entity,
        payment_id as document_id,
        allocation_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from payment_allocations
    where reject_reason is not null
    union all
    select
        tenant_id,
        'refunds' as entity,
        refund_id as document_id,
        refund_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from refunds
    where reject_reason is not null
    union all
    select
        tenant_id,
        'credit_note_lines' as entity,
        credit_note_id as document_id,
        line_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from credit_note_lines
    where reject_reason is not null
    union all
    select
        tenant_id,
        'credit_note_allocations' as entity,
        allocation_id as document_id,
        allocation_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from credit_note_allocations
    where reject_reason is not null
    union all
    select
        tenant_id,
        'wallet_transactions' as entity,
        wallet_transaction_id as document_id,
        wallet_transaction_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from wallet_transactions
    where reject_reason is not null
    union all
    select
        adj.tenant_id,
        'adjustments' as entity,
        adj.adjustment_id as document_id,
        adj.adjustment_id as row_id,
        coalesce(
            adj.reject_reason, 'write-off in another currency than its invoice'
        ) as reject_reason,
        adj.rejected_row,
        adj.recorded_at
    from adjustments as adj
    left join invoices_of_adjustments as inv
        on adj.tenant_id = inv.tenant_id and adj.invoice_id = inv.invoice_id
    where
        adj.reject_reason is not null
        or (adj.status = 'approved' and adj.currency_code <> inv.currency_code)
    union all
    select
        tenant_id,
        'ledger_entries' as entity,
        document_id as document_id,
        line_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from ledger_entries
    where reject_reason is not null
    union all
    select
        tenant_id,
        'stock_movements' as entity,
        movement_id as document_id,
        movement_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from stock_movements
    where reject_reason is not null
    union all
    select
        tenant_id,
        'visits' as entity,
        visit_id as document_id,
        visit_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from visits
    where reject_reason is not null
    union all
    select
        tenant_id,
        'claims' as entity,
        claim_id as document_id,
        claim_id as row_id,
        reject_reason,
        rejected_row,
        recorded_at
    from claims
    where reject_reason is not null
)

select * from quarantined_rows
