{# grain: one row per debit line and credit line of a document that meet #}
with journal_parts as (
    select * from {{ ref('stg_gnuhealth__journal_parts') }}
),

compared_parts as (
    select
        tenant_id,
        document_type,
        document_id,
        document_invoice_id,
        document_kind,
        journal_type,
        debit_line_id,
        credit_line_id,
        debit_account,
        credit_account,
        debit_ledger_account,
        credit_ledger_account,
        debit_owner,
        credit_owner,
        debit_dimensions,
        credit_dimensions,
        debit_method,
        credit_method,
        debit_currency,
        credit_currency,
        base_amount,
        has_exchange,
        is_reversal,
        business_date,
        recorded_at,
        case when is_even then amount else coalesce(debit_share, debit_size) end
            as debit_amount,
        case when is_even then amount else credit_share end as credit_amount,
        (debit_owner is not distinct from credit_owner)
        and (debit_dimensions is not distinct from credit_dimensions)
        and (debit_method is not distinct from credit_method) as is_alike,
        array[debit_account, credit_account] as accounts,
        (debit_account = 'cash') <> is_reversal as is_money_in
    from journal_parts
),

-- a part whose lines say the same posts at once (leg 0); else each line posts by
-- itself, debit (leg 1) and credit (leg 2), against an account that comes out even
journal_events as (
    select
        *,
        case
            when document_type = 'reconciliation' then 'application'
            when journal_type = 'situation' then 'closing_entry'
            when has_exchange then 'exchange_difference'
            when 'write_offs' = any(accounts) then 'write_off'
            when document_kind = 'supplier_invoice' then 'supplier_invoice'
            when document_kind = 'credit_note' and 'tax_payable' = any(accounts)
                then 'credit_note_tax'
            when document_kind = 'credit_note' then 'credit_note'
            when document_kind = 'invoice' and 'tax_payable' = any(accounts)
                then 'line_tax'
            when document_kind = 'invoice' then 'invoice_line'
            when accounts @> array['cash', 'payable'] then 'supplier_payment'
            when accounts @> array['cash', 'receivable'] and is_money_in then 'payment'
            when accounts @> array['cash', 'unapplied_credit'] and is_money_in
                then 'payment_unapplied'
            when
                'cash' = any(accounts)
                and accounts && array['receivable', 'unapplied_credit']
                then 'refund'
            else 'ledger_entry'
        end as event_type,
        case
            when is_alike then 'exchange_difference' else 'responsibility_transfer'
        end as clearing_account,
        case
            when
                is_alike
                and debit_currency = credit_currency
                and debit_amount = credit_amount
                then 0
            else 1
        end as first_leg,
        case
            when credit_line_id is null then 1
            when
                is_alike
                and debit_currency = credit_currency
                and debit_amount = credit_amount
                then 0
            else 2
        end as last_leg
    from compared_parts
)

select * from journal_events
