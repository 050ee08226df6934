{# grain: one row per posting of a credit note's allocation to another invoice #}
with applications as (
    select * from {{ ref('credit_note_applications') }}
),

owed_applications as (
    select
        *,
        {{ is_anothers() }} as is_anothers
    from applications
),

-- an invoice that another owes takes the credit note's credit from whose it was (A1)
application_events as (
    select
        app.tenant_id,
        'credit_note_allocation' as document_type,
        app.allocation_id as document_id,
        0::bigint as line_id,
        app.invoice_id,
        app.department_id,
        app.practitioner_id,
        case
            when eve.is_of_invoice then app.invoice_payer_id
            else app.holder_payer_id
        end as payer_id,
        case
            when eve.is_of_invoice then app.invoice_patient_id
            else app.holder_patient_id
        end as patient_id,
        null::bigint as service_id,
        eve.event_type,
        app.share,
        case
            when eve.is_of_invoice and app.is_anothers then 'credit_transfer'
            else 'unapplied_credit'
        end as debit_account,
        case when eve.is_of_invoice then 'receivable' else 'credit_transfer' end
            as credit_account,
        app.source_app,
        null::text as payment_method,
        case when app.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        app.currency_code,
        app.amount,
        app.base_rate,
        app.application_date as business_date,
        app.void_date,
        app.recorded_at,
        app.recorded_at as voided_at
    from owed_applications as app
    inner join
        (
            values
            ('credit_note_use', true),
            ('credit_transfer', false)
        ) as eve (event_type, is_of_invoice)
        on eve.is_of_invoice or app.is_anothers
),

posted_applications as (
    {{ postings('application_events') }}
)

select * from posted_applications
