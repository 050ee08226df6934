{# grain: one row per tenant, business date, service category and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

category_revenue as (
    select
        tenant_id,
        coalesce(service_category, 'unknown') as service_category,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(service_category, 'unknown')
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.service_category,
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
    from category_revenue as rev
)

select * from labelled_revenue
