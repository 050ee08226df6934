{# grain: one row per tenant, as-of date, open document, share, debtor and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

-- A1: only what the journal knows up to the day; a receivable without an invoice stands for
-- the document it came from, which may concern several debtors; a ledger names the debtor
-- of each line, who need not be the invoice's
receivables as (
    select
        day.tenant_id,
        pos.invoice_id,
        case when pos.invoice_id is null then pos.document_type else 'invoice' end
            as document_type,
        coalesce(pos.invoice_id, pos.document_id) as document_id,
        case
            when
                pos.invoice_id is not null
                and pos.document_type not in ('move', 'reconciliation')
                then null
            when pos.share = 'payer' then coalesce(pos.payer_id, 0)
            else coalesce(pos.patient_id, 0)
        end as document_debtor_id,
        max(case pos.share when 'payer' then pos.payer_id else pos.patient_id end)
            as invoice_debtor_id,
        pos.share,
        pos.currency_code,
        sum(
            case pos.debit_account
                when 'receivable' then pos.amount else -pos.amount
            end
        )
            as amount,
        sum(
            case pos.debit_account
                when 'receivable' then pos.base_amount
                else -pos.base_amount
            end
        ) as base_amount,
        bool_or(
            pos.debit_account = 'receivable'
            and pos.document_type in ('invoice', 'move', 'reconciliation')
        ) as is_charged,
        min(pos.business_date) as first_date,
        min(pos.business_date) filter (
            where pos.credit_account = 'responsibility_transfer'
        ) as moved_date,
        day.as_of_date
    from days as day
    inner join postings as pos
        on
            day.tenant_id = pos.tenant_id
            and day.as_of_date >= pos.business_date
            and 'receivable' in (pos.debit_account, pos.credit_account)
            and pos.debit_account <> pos.credit_account
    group by
        day.tenant_id,
        day.as_of_date,
        pos.invoice_id,
        case when pos.invoice_id is null then pos.document_type else 'invoice' end,
        coalesce(pos.invoice_id, pos.document_id),
        case
            when
                pos.invoice_id is not null
                and pos.document_type not in ('move', 'reconciliation')
                then null
            when pos.share = 'payer' then coalesce(pos.payer_id, 0)
            else coalesce(pos.patient_id, 0)
        end,
        pos.share,
        pos.currency_code
),

-- A8: a share that moved to its debtor ages from that day. A6: the patient pays in parts, else
-- the payer; a receipt alone charges nobody
dated_receivables as (
    select
        rec.tenant_id,
        rec.document_type,
        rec.document_id,
        rec.invoice_id,
        coalesce(
            rec.document_debtor_id,
            case rec.share when 'payer' then inv.payer_id else inv.patient_id end,
            rec.invoice_debtor_id,
            0
        ) as debtor_id,
        inv.invoice_number,
        rec.share,
        rec.currency_code,
        coalesce(inv.due_date_rule, 'document_date') as due_date_rule,
        rec.amount::numeric(18, 4) as outstanding_amount,
        rec.base_amount::numeric(18, 4) as outstanding_base_amount,
        coalesce(
            rec.share = 'patient'
            or bool_or(rec.share = 'patient' and rec.is_charged) over (
                partition by
                    rec.tenant_id,
                    rec.as_of_date,
                    rec.document_type,
                    rec.document_id
            ) is not true,
            true
        ) as is_payable_in_parts,
        rec.as_of_date,
        coalesce(inv.invoice_date, rec.first_date) as invoice_date,
        greatest(coalesce(inv.due_date, rec.first_date), rec.moved_date) as due_date
    from receivables as rec
    left join invoices as inv
        on rec.tenant_id = inv.tenant_id and rec.invoice_id = inv.invoice_id
),

open_receivables as (
    select *
    from dated_receivables
    where outstanding_amount <> 0 or outstanding_base_amount <> 0
)

select * from open_receivables
