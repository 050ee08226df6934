{# grain: one row per posting of a payment #}
with payment_parts as (
    select * from {{ ref('payment_parts') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

payment_methods as (
    select * from {{ ref('payment_methods') }}
),

-- A10: money in another currency than the invoice's stays unapplied
dated_parts as (
    select
        par.tenant_id,
        'payment' as document_type,
        par.payment_id as document_id,
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
        case
            when par.wallet_transaction_id is not null then 'wallet_liability'
            else coalesce(met.account, 'cash')
        end as money_account,
        par.receipt_hour as hour_of_day,
        par.payment_date,
        -- A2
        case
            when
                par.is_allocated
                and inv.currency_code = par.currency_code
                then greatest(par.payment_date, inv.invoice_date, par.allocation_date)
        end as application_date,
        par.void_date,
        par.recorded_at
    from payment_parts as par
    left join invoices as inv
        on par.tenant_id = inv.tenant_id and par.invoice_id = inv.invoice_id
    left join payment_methods as met on par.payment_method = met.payment_method
),

payment_events as (
    select
        par.*,
        eve.event_type,
        case eve.event_type
            when 'application' then 'unapplied_credit'
            else par.money_account
        end as debit_account,
        case eve.event_type
            when 'payment_unapplied' then 'unapplied_credit'
            else 'receivable'
        end as credit_account,
        -- of what came in; an application is of a later day
        case
            when eve.event_type <> 'application' then par.hour_of_day::smallint
        end as receipt_hour,
        case eve.event_type
            when 'application' then par.application_date
            else par.payment_date
        end as business_date,
        par.recorded_at as voided_at
    from dated_parts as par
    inner join
        unnest(array['payment', 'payment_unapplied', 'application'])
            as eve (event_type)
        on
            case eve.event_type
                when 'payment' then par.application_date = par.payment_date
                when 'application' then par.application_date > par.payment_date
                else par.application_date is distinct from par.payment_date
            end
),

posted_payments as (
    {{ postings('payment_events', known=['receipt_hour']) }}
)

select * from posted_payments
