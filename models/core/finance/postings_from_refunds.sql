{# grain: one row per posting of a refund, in cash or into a wallet #}
with refund_parts as (
    select * from {{ ref('refund_parts') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

payment_methods as (
    select * from {{ ref('payment_methods') }}
),

-- what was applied to an invoice opens it again; the rest gives back unapplied credit
dated_parts as (
    select
        par.tenant_id,
        par.document_type,
        par.document_id,
        par.line_id,
        par.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, par.payer_id) as payer_id,
        coalesce(inv.patient_id, par.patient_id) as patient_id,
        null::bigint as service_id,
        par.share,
        inv.source_app,
        par.wallet_type,
        par.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        par.currency_code,
        par.amount,
        par.base_rate,
        case par.document_type
            when 'wallet_transaction' then 'wallet_liability'
            else coalesce(met.account, 'cash')
        end as money_account,
        par.refund_date,
        -- A2, A10
        case
            when par.is_allocated and inv.currency_code = par.currency_code
                then greatest(par.refund_date, inv.invoice_date, par.application_date)
        end as application_date,
        par.receipt_void_date,
        par.void_date as refund_void_date,
        par.recorded_at
    from refund_parts as par
    left join invoices as inv
        on par.tenant_id = inv.tenant_id and par.invoice_id = inv.invoice_id
    left join payment_methods as met on par.payment_method = met.payment_method
),

-- Once the receipt is void it settles nothing, and what was given back of it opens nothing: the
-- void opens the invoice by itself.
refund_events as (
    select
        par.*,
        case
            when eve.kind <> 'refund' then 'application'
            when par.document_type = 'wallet_transaction' then 'wallet_refund'
            else 'refund'
        end as event_type,
        case
            when eve.kind = 'closing' then 'unapplied_credit'
            when eve.kind = 'opening' or par.application_date = par.refund_date
                then 'receivable'
            else 'unapplied_credit'
        end as debit_account,
        case eve.kind
            when 'refund' then par.money_account
            when 'opening' then 'unapplied_credit'
            else 'receivable'
        end as credit_account,
        case eve.kind
            when 'refund' then par.refund_date
            when 'opening' then par.application_date
            else par.receipt_void_date
        end as business_date,
        case eve.kind
            when 'opening' then least(par.refund_void_date, par.receipt_void_date)
            else par.refund_void_date
        end as void_date,
        par.recorded_at as voided_at
    from dated_parts as par
    inner join unnest(array['refund', 'opening', 'closing']) as eve (kind)
        on
            case eve.kind
                when 'refund' then true
                when 'opening' then par.application_date > par.refund_date
                else
                    par.application_date = par.refund_date
                    and par.receipt_void_date is not null
                    and coalesce(par.refund_void_date > par.receipt_void_date, true)
            end
),

posted_refunds as (
    {{ postings('refund_events', known=['wallet_type']) }}
)

select * from posted_refunds
