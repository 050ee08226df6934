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

wallet_transactions as (
    select * from {{ from_systems('wallet_transactions', beside='payments') }}
),

-- A10: money in another currency than the invoice's stays unapplied
dated_parts as (
    select
        par.tenant_id,
        'payment' as document_type,
        par.payment_id as document_id,
        par.line_id,
        par.invoice_id as part_invoice_id,
        inv.department_id as invoice_department_id,
        inv.practitioner_id as invoice_practitioner_id,
        coalesce(inv.payer_id, par.payer_id) as invoice_payer_id,
        coalesce(inv.patient_id, par.patient_id) as invoice_patient_id,
        par.payer_id as holder_payer_id,
        par.patient_id as holder_patient_id,
        null::bigint as service_id,
        par.share,
        inv.source_app as invoice_source_app,
        par.payment_method,
        par.currency_code,
        par.amount as part_amount,
        par.base_rate,
        -- R6: of a top-up the payment is the receipt
        case
            when
                par.wallet_transaction_id is not null
                and (wal.movement is distinct from 'top_up')
                then 'wallet_liability'
            else coalesce(met.account, 'cash')
        end as money_account,
        par.receipt_hour as hour_of_day,
        par.payment_date,
        par.is_allocated,
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
    left join lateral (
        select inn.movement
        from wallet_transactions as inn
        where
            inn.tenant_id = par.tenant_id
            and inn.wallet_transaction_id = par.wallet_transaction_id
        offset 0
    ) as wal on true
),

owed_parts as (
    select
        *,
        {{ is_anothers() }} as is_anothers
    from dated_parts
),

-- A wallet is of the patient that the payment names, and so is its use (V4).
placed_parts as (
    select
        *,
        coalesce(
            application_date = payment_date
            and not (
                is_anothers
                and holder_patient_id is not null
                and money_account = 'wallet_liability'
            ),
            false
        ) as is_direct
    from owed_parts
),

-- What waits is one receipt, however it is divided later
received_parts as (
    select
        *,
        sum(case when is_direct then 0 else part_amount end)
            over (partition by tenant_id, document_type, document_id)
            as waiting_amount
    from placed_parts
),

-- A1: until it is applied the credit is whose the receipt is, whoever owes the invoice, and of no
-- department: what it is applied to later leaves the day of the receipt as it was
payment_events as (
    select
        par.*,
        eve.event_type,
        case
            when eve.event_type = 'payment_unapplied' and not par.is_allocated then null
            else par.part_invoice_id
        end as invoice_id,
        {{ invoice_dimensions('not eve.is_of_receipt') }},
        case
            when eve.is_of_receipt then par.holder_payer_id else par.invoice_payer_id
        end as payer_id,
        case
            when eve.is_of_receipt then par.holder_patient_id
            else par.invoice_patient_id
        end as patient_id,
        case
            when eve.event_type = 'payment_unapplied' then par.waiting_amount
            else par.part_amount
        end as amount,
        case
            when not eve.is_application then par.money_account
            when par.is_anothers and not eve.is_of_receipt then 'credit_transfer'
            else 'unapplied_credit'
        end as debit_account,
        eve.credit_account,
        -- of what came in; an application is of a later day
        case when not eve.is_application then par.hour_of_day::smallint end
            as receipt_hour,
        case
            when eve.is_application then par.application_date else par.payment_date
        end as business_date,
        par.recorded_at as voided_at
    from received_parts as par
    inner join
        (
            values
            ('payment', false, false, 'receivable'),
            ('payment_unapplied', false, true, 'unapplied_credit'),
            ('application', true, false, 'receivable'),
            ('credit_transfer', true, true, 'credit_transfer')
        ) as eve (event_type, is_application, is_of_receipt, credit_account)
        on
            case eve.event_type
                when 'payment' then par.is_direct
                when 'payment_unapplied' then par.line_id = 0
                when 'application'
                    then not par.is_direct and par.application_date is not null
                else
                    not par.is_direct
                    and par.is_anothers
                    and par.application_date is not null
            end
),

posted_payments as (
    {{ postings('payment_events', known=['receipt_hour']) }}
)

select * from posted_payments
