{# grain: one row per tenant, business date, patient type and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

patient_type_revenue as (
    select
        tenant_id,
        coalesce(patient_type, 'unknown') as patient_type,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(patient_type, 'unknown')
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.patient_type,
        rev.currency_code,
        rev.gross_charge_amount,
        rev.discount_amount,
        rev.contractual_adjustment_amount,
        rev.charity_care_amount,
        rev.credit_note_amount,
        rev.net_revenue_amount,
        rev.write_off_amount,
        rev.tax_amount,
        rev.line_count,
        rev.invoice_count,
        (rev.net_revenue_amount / nullif(rev.invoice_count, 0))::numeric(18, 4)
            as average_transaction_amount,
        rev.business_date
    from patient_type_revenue as rev
)

select * from labelled_revenue
