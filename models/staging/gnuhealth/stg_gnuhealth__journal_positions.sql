{# grain: one row per move line, and per item of a reconciliation, with an amount #}
with journal_lines as (
    select * from {{ ref('stg_gnuhealth__journal_lines') }}
),

-- each line with what its whole document is
document_lines as (
    select
        *,
        max(moved_invoice_id) over doc as document_invoice_id,
        max(moved_kind) over doc as document_kind,
        bool_or(is_exchange) over doc as has_exchange,
        bool_or(account in ('receivable', 'unapplied_credit')) over doc
            as has_receivable,
        sum(base_amount) over doc as residual
    from journal_lines
    window doc as (partition by tenant_id, document_type, document_id)
),

-- only a balanced document posts; its lines get a side: 1 debit, -1 credit, and 0 for a
-- line with no amount in the company's currency
sided_lines as (
    select
        tenant_id,
        document_type,
        document_id,
        document_invoice_id,
        document_kind,
        journal_type,
        line_id,
        case
            when dimensions is null then account
            when journal_type = 'situation' then 'equity'
            when has_exchange then 'exchange_difference'
            when journal_type = 'write-off' and has_receivable then 'write_offs'
            when document_kind = 'credit_note' and account = 'revenue'
                then 'credit_notes'
            else account
        end as account,
        ledger_account,
        payment_method,
        owner,
        dimensions,
        currency_code,
        digits,
        sign(base_amount) as side,
        abs(base_amount) as base_size,
        case when base_amount < 0 then -amount else amount end as size,
        has_exchange,
        is_reversal,
        business_date,
        recorded_at
    from document_lines
    where residual = 0 and (base_amount <> 0 or amount <> 0)
),

-- the lines of a side laid end to end, in both currencies
journal_positions as (
    select
        *,
        sum(base_size) over lines - base_size as base_start,
        sum(base_size) over lines as base_end,
        sum(size) over lines - size as amount_start,
        sum(size) over lines as amount_end
    from sided_lines
    window lines as (
        partition by tenant_id, document_type, document_id, side
        order by owner is null, account = 'tax_payable', line_id
    )
)

select * from journal_positions
