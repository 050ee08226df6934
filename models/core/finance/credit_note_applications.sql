{# grain: one row per credit note and other invoice that it is allocated to, and allocation #}
with wanted_applications as (
    select * from {{ ref('wanted_credit_note_applications') }}
),

uses as (
    select * from {{ ref('credit_note_uses') }}
),

-- refunds and allocations take a credit note one after the other in the order of their days;
-- what exceeds it (line -1) is not applied
applications as (
    select
        alc.tenant_id,
        alc.allocation_id,
        alc.credit_note_id,
        alc.invoice_id,
        alc.department_id,
        alc.practitioner_id,
        alc.invoice_payer_id,
        alc.invoice_patient_id,
        alc.holder_payer_id,
        alc.holder_patient_id,
        alc.share,
        alc.source_app,
        alc.currency_code,
        alc.base_rate,
        (tak.parts -> 0 ->> 'amount')::numeric(18, 4) as amount,
        alc.application_date,
        alc.void_date,
        alc.recorded_at
    from wanted_applications as alc
    inner join lateral (
        select
            {{ take_parts() }}(
                inn.amount,
                jsonb_build_array(
                    jsonb_build_object('line_id', 0, 'amount', alc.credited_amount),
                    jsonb_build_object('line_id', -1)
                ),
                inn.use_date,
                inn.void_date
                order by inn.use_date, inn.document_type, inn.document_id
            ) as parts
        from uses as inn
        where
            inn.tenant_id = alc.tenant_id
            and inn.credit_note_id = alc.credit_note_id
            and inn.currency_code = alc.currency_code
            and (inn.use_date, inn.document_type, inn.document_id)
            <= (alc.application_date, 'credit_note_allocation', alc.allocation_id)
    ) as tak on true
)

select * from applications
