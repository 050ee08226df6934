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
        inv.department_id as invoice_department_id,
        inv.practitioner_id as invoice_practitioner_id,
        coalesce(inv.payer_id, par.payer_id) as invoice_payer_id,
        coalesce(inv.patient_id, par.patient_id) as invoice_patient_id,
        par.payer_id as holder_payer_id,
        par.patient_id as holder_patient_id,
        par.wallet_patient_id,
        par.document_type = 'wallet_transaction' as is_into_wallet,
        null::bigint as service_id,
        par.share,
        inv.source_app as invoice_source_app,
        par.wallet_type,
        par.payment_method,
        par.currency_code,
        par.amount,
        par.base_rate,
        case par.document_type
            when 'wallet_transaction' then 'wallet_liability'
            else coalesce(met.account, 'cash')
        end as money_account,
        par.refund_date,
        par.is_allocated or par.application_date is not null as is_of_receipt,
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

owed_parts as (
    select
        *,
        {{ is_anothers() }} as is_anothers
    from dated_parts
),

-- A1: what its receipt does not settle is credit of whose the receipt is, whoever owes the invoice
held_parts as (
    select
        *,
        is_of_receipt
        and (application_date is distinct from refund_date) as is_waiting,
        case when is_anothers then holder_payer_id else invoice_payer_id end
            as credit_payer_id,
        case when is_anothers then holder_patient_id else invoice_patient_id end
            as credit_patient_id
    from owed_parts
),

-- What was applied by then is given back by opening the invoice, but through credit where it
-- goes into a wallet of another patient. A payer's share is the payer's in any wallet.
placed_parts as (
    select
        *,
        case
            when (application_date is distinct from refund_date) then false
            when is_into_wallet and share = 'patient'
                then (wallet_patient_id is not distinct from invoice_patient_id)
            else true
        end as is_direct,
        case
            when is_into_wallet and share = 'patient'
                then (wallet_patient_id is distinct from credit_patient_id)
            else false
        end as is_into_anothers
    from held_parts
),

-- how the money goes, and what opens the invoice or closes it again
kinds (kind, event_type, is_of_invoice) as (
    values
    ('refund', null, false),
    ('wallet_transfer', 'wallet_transfer', false),
    ('opening', 'application', true),
    ('opening_transfer', 'credit_transfer', false),
    ('closing', 'application', true),
    ('closing_transfer', 'credit_transfer', false)
),

-- Once the receipt is void it settles nothing, and what was given back of it opens nothing: the
-- void opens the invoice by itself.
moved_parts as (
    select
        par.*,
        kin.kind,
        kin.event_type as other_event_type,
        kin.is_of_invoice or (kin.kind = 'refund' and par.is_direct) as is_of_invoice,
        kin.is_of_invoice or not par.is_waiting as is_placed
    from placed_parts as par
    inner join kinds as kin
        on
            case
                when kin.kind = 'refund' then true
                when kin.kind = 'wallet_transfer'
                    then par.is_into_anothers and not par.is_direct
                when kin.kind in ('opening', 'opening_transfer')
                    then
                        par.application_date is not null
                        and not par.is_direct
                        and (kin.is_of_invoice or par.is_anothers)
                else
                    par.is_direct
                    and (kin.is_of_invoice or par.is_anothers)
                    and par.receipt_void_date is not null
                    and coalesce(par.refund_void_date > par.receipt_void_date, true)
            end
),

-- What the receipt settles later only is of no department until then, as the receipt itself.
refund_events as (
    select
        *,
        case
            when other_event_type is not null then other_event_type
            when is_into_wallet then 'wallet_refund'
            else 'refund'
        end as event_type,
        {{ invoice_dimensions('is_placed') }},
        case
            when is_of_invoice then invoice_payer_id
            when is_placed then credit_payer_id
            else holder_payer_id
        end as payer_id,
        case
            when kind = 'refund' and is_into_wallet then wallet_patient_id
            when is_of_invoice then invoice_patient_id
            when is_placed then credit_patient_id
            else holder_patient_id
        end as patient_id,
        case
            when kind = 'opening' or (kind = 'refund' and is_direct) then 'receivable'
            when
                kind = 'opening_transfer'
                or (kind = 'refund' and is_into_anothers)
                or (kind = 'closing' and is_anothers)
                then 'credit_transfer'
            else 'unapplied_credit'
        end as debit_account,
        case
            when kind = 'refund' then money_account
            when kind = 'closing' then 'receivable'
            when
                kind in ('wallet_transfer', 'closing_transfer')
                or (kind = 'opening' and is_anothers)
                then 'credit_transfer'
            else 'unapplied_credit'
        end as credit_account,
        case
            when kind in ('opening', 'opening_transfer') then application_date
            when kind in ('closing', 'closing_transfer') then receipt_void_date
            else refund_date
        end as business_date,
        case
            when kind in ('opening', 'opening_transfer')
                then least(refund_void_date, receipt_void_date)
            else refund_void_date
        end as void_date,
        recorded_at as voided_at
    from moved_parts
),

posted_refunds as (
    {{ postings('refund_events', known=['wallet_type']) }}
)

select * from posted_refunds
