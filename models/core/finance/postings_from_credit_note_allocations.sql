{# grain: one row per posting of a credit note's allocation to another invoice #}
with applications as (
    select * from {{ ref('credit_note_applications') }}
),

application_events as (
    select
        tenant_id,
        'credit_note_allocation' as document_type,
        allocation_id as document_id,
        0::bigint as line_id,
        invoice_id,
        department_id,
        practitioner_id,
        payer_id,
        patient_id,
        null::bigint as service_id,
        'credit_note_use' as event_type,
        share,
        'unapplied_credit' as debit_account,
        'receivable' as credit_account,
        source_app,
        null::text as payment_method,
        case when department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        currency_code,
        amount,
        base_rate,
        application_date as business_date,
        void_date,
        recorded_at,
        recorded_at as voided_at
    from applications
),

posted_applications as (
    {{ postings('application_events') }}
)

select * from posted_applications
