{# grain: one row per tenant, as-of date, open document, share, debtor and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

balances as (
    select * from {{ ref('receivable_balances') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

-- A8: a share that moved to its debtor ages from that day. A6: the patient pays in parts, else
-- the payer; a receipt alone charges nobody
open_receivables as (
    select
        day.tenant_id,
        bal.document_type,
        bal.document_id,
        bal.invoice_id,
        coalesce(
            case when not bal.is_debtor_of_invoice then bal.debtor_id end,
            case bal.share when 'payer' then inv.payer_id else inv.patient_id end,
            bal.named_debtor_id,
            0
        ) as debtor_id,
        inv.invoice_number,
        bal.share,
        bal.currency_code,
        coalesce(inv.due_date_rule, 'document_date') as due_date_rule,
        bal.outstanding_amount,
        bal.outstanding_base_amount,
        -- what differs in the tenant's currency alone is of no part
        bal.outstanding_amount <> 0
        and (
            bal.share = 'patient'
            or coalesce(bal.patient_charged_date > day.as_of_date, true)
        ) as is_payable_in_parts,
        day.as_of_date,
        coalesce(inv.invoice_date, bal.first_date) as invoice_date,
        greatest(coalesce(inv.due_date, bal.first_date), bal.moved_date) as due_date,
        coalesce(inv.department_id, 0) as department_id,
        coalesce(inv.revenue_point_code, 'unattributed') as revenue_point_code
    from days as day
    inner join balances as bal
        on
            day.tenant_id = bal.tenant_id
            and day.as_of_date >= bal.valid_from
            and day.as_of_date < bal.valid_to
    left join invoices as inv
        on bal.tenant_id = inv.tenant_id and bal.invoice_id = inv.invoice_id
)

select * from open_receivables
