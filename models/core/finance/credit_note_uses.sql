{# grain: one row per refund of a credit note, or allocation of one to another invoice #}
with refunds as (
    select * from {{ ref('executed_refunds') }}
),

wanted_applications as (
    select * from {{ ref('wanted_credit_note_applications') }}
),

credit_note_uses as (
    select
        tenant_id,
        document_type,
        document_id,
        credit_note_id,
        payment_method,
        currency_code,
        base_rate,
        amount,
        refund_date as use_date,
        void_date,
        recorded_at
    from refunds
    where credit_note_id is not null
    union all
    select
        tenant_id,
        'credit_note_allocation' as document_type,
        allocation_id as document_id,
        credit_note_id,
        null as payment_method,
        currency_code,
        base_rate,
        amount,
        application_date as use_date,
        void_date,
        recorded_at
    from wanted_applications
)

select * from credit_note_uses
