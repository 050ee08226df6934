{# grain: one row per posting of a refund #}
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
        'refund' as document_type,
        par.refund_id as document_id,
        par.line_id,
        par.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        coalesce(inv.payer_id, par.payer_id) as payer_id,
        coalesce(inv.patient_id, par.patient_id) as patient_id,
        null::bigint as service_id,
        par.share,
        inv.source_app,
        par.payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        par.currency_code,
        par.amount,
        par.base_rate,
        coalesce(met.account, 'cash') as money_account,
        par.refund_date,
        -- A2, A10
        case
            when par.is_allocated and inv.currency_code = par.currency_code
                then greatest(par.refund_date, inv.invoice_date, par.application_date)
        end as application_date,
        par.void_date,
        par.recorded_at
    from refund_parts as par
    left join invoices as inv
        on par.tenant_id = inv.tenant_id and par.invoice_id = inv.invoice_id
    left join payment_methods as met on par.payment_method = met.payment_method
),

refund_events as (
    select
        par.*,
        eve.event_type,
        case
            when eve.event_type = 'application' then 'receivable'
            when par.application_date = par.refund_date then 'receivable'
            else 'unapplied_credit'
        end as debit_account,
        case eve.event_type
            when 'application' then 'unapplied_credit'
            else par.money_account
        end as credit_account,
        case eve.event_type
            when 'application' then par.application_date
            else par.refund_date
        end as business_date,
        par.recorded_at as voided_at
    from dated_parts as par
    inner join unnest(array['refund', 'application']) as eve (event_type)
        on eve.event_type = 'refund' or par.application_date > par.refund_date
),

posted_refunds as (
    {{ postings('refund_events') }}
)

select * from posted_refunds
