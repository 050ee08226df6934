{# grain: one row per posting of a system that keeps its own ledger #}
with ledger_entries as (
    select * from {{ from_systems('ledger_entries') }}
),

posted_entries as (
    select
        tenant_id,
        document_type,
        document_id,
        line_id,
        invoice_id,
        department_id,
        practitioner_id,
        payer_id,
        patient_id,
        service_id,
        product_id,
        event_type,
        share,
        debit_account,
        credit_account,
        debit_ledger_account,
        credit_ledger_account,
        source_app,
        wallet_type,
        service_category,
        patient_type,
        tax_code,
        payment_method,
        attribution_method,
        currency_code,
        amount::numeric(18, 4) as amount,
        base_amount::numeric(18, 4) as base_amount,
        tax_rate,
        null::smallint as receipt_hour,
        is_reversal,
        business_date,
        recorded_at
    from ledger_entries
    where {{ is_kept() }}
)

select * from posted_entries
