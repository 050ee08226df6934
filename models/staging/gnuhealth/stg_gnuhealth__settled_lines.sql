{# grain: one row per receivable or payable line of a posted move #}
with open_lines as (
    select * from {{ ref('stg_gnuhealth__open_lines') }}
),

reconciled_lines as (
    select * from {{ ref('stg_gnuhealth__open_lines') }}
),

-- each line with what the lines it is reconciled with have in common
reconciled_with as (
    select
        lin.tenant_id,
        lin.move_id,
        lin.line_id,
        lin.reconciliation_id,
        lin.invoice_id,
        lin.moved_invoice_id,
        lin.patient_id,
        lin.invoice_kind,
        lin.ledger_account,
        lin.currency_code,
        lin.digits,
        lin.amount,
        lin.base_amount,
        lin.is_receivable,
        lin.is_payer,
        lin.has_second_currency,
        lin.move_date,
        min(rec.invoice_id) as settled_invoice_id,
        min(rec.invoice_kind) as settled_kind,
        min(rec.currency_code) filter (where rec.invoice_id is not null)
            as settled_currency_code,
        count(distinct rec.invoice_id) as settled_invoice_count,
        bool_and(rec.has_second_currency) filter (where rec.line_id <> lin.line_id)
            as is_among_second_currency,
        max(rec.move_date) as settled_date
    from open_lines as lin
    left join reconciled_lines as rec
        on
            lin.tenant_id = rec.tenant_id
            and lin.source_id = rec.source_id
            and lin.reconciliation_id = rec.reconciliation_id
    group by
        lin.tenant_id, lin.move_id, lin.line_id, lin.reconciliation_id, lin.invoice_id,
        lin.moved_invoice_id, lin.patient_id, lin.invoice_kind, lin.ledger_account,
        lin.currency_code, lin.digits, lin.amount, lin.base_amount, lin.is_receivable,
        lin.is_payer, lin.has_second_currency, lin.move_date
),

-- an exchange difference moves the company's currency only
exchange_lines as (
    select
        *,
        invoice_id is null
        and not has_second_currency
        and coalesce(is_among_second_currency, false) as is_exchange
    from reconciled_with
),

-- a line of no invoice settles the one invoice it is reconciled with on that very day;
-- otherwise it is the reconciliation that applies it, later or to several
settling_lines as (
    select
        *,
        invoice_id is null
        and settled_invoice_count = 1
        and move_date = settled_date
        and (is_exchange or currency_code = settled_currency_code) as is_settling
    from exchange_lines
),

invoice_lines as (
    select
        tenant_id,
        move_id,
        line_id,
        reconciliation_id,
        case when is_settling then settled_invoice_id else invoice_id end as invoice_id,
        moved_invoice_id,
        patient_id,
        case when is_settling then settled_kind else invoice_kind end as invoice_kind,
        ledger_account,
        case when is_settling then settled_currency_code else currency_code end
            as currency_code,
        digits,
        case when is_settling and is_exchange then 0 else amount end as amount,
        base_amount,
        is_receivable,
        is_payer,
        is_exchange,
        move_date
    from settling_lines
),

settled_lines as (
    select
        *,
        case
            when not is_receivable then 'payable'
            when invoice_kind = 'credit_note' then 'unapplied_credit'
            when invoice_id is not null or base_amount > 0 then 'receivable'
            else 'unapplied_credit'
        end as account
    from invoice_lines
)

select * from settled_lines
