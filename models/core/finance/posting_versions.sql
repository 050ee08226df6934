{# grain: one row per posting and release that brought it or a change of it #}
with posting_history as (
    select * from {{ history('fct_postings') }}
),

posting_versions as (
    select
        tenant_id,
        document_id,
        line_id,
        invoice_id,
        patient_id,
        department_id,
        practitioner_id,
        payer_id,
        service_id,
        product_id,
        document_type,
        event_type,
        share,
        debit_account,
        credit_account,
        debit_ledger_account,
        credit_ledger_account,
        attribution_method,
        revenue_point_code,
        revenue_point_rule,
        wallet_type,
        service_category,
        patient_type,
        payment_method,
        tax_code,
        currency_code,
        amount,
        base_amount,
        tax_rate,
        is_reversal,
        carried_to,
        carried_from,
        released_in,
        nullif(retired_in, 2147483647) as retired_in,
        business_date,
        recorded_at
    from posting_history
)

select * from posting_versions
