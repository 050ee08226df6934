{# grain: one row per tenant, business date, department and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- what each document brings the department on the day
document_revenue as (
    select
        tenant_id,
        coalesce(department_id, 0) as department_id,
        document_type,
        document_id,
        currency_code,
        {{ revenue_measures(is_of_document=true) }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        coalesce(department_id, 0),
        currency_code,
        document_type,
        document_id
),

department_revenue as (
    select
        tenant_id,
        department_id,
        currency_code,
        sum(gross_charge_amount)::numeric(18, 4) as gross_charge_amount,
        sum(discount_amount)::numeric(18, 4) as discount_amount,
        sum(contractual_adjustment_amount)::numeric(18, 4)
            as contractual_adjustment_amount,
        sum(charity_care_amount)::numeric(18, 4) as charity_care_amount,
        sum(credit_note_amount)::numeric(18, 4) as credit_note_amount,
        sum(net_revenue_amount)::numeric(18, 4) as net_revenue_amount,
        sum(write_off_amount)::numeric(18, 4) as write_off_amount,
        sum(tax_amount)::numeric(18, 4) as tax_amount,
        sum(line_count)::bigint as line_count,
        sum(invoice_count)::bigint as invoice_count,
        business_date
    from document_revenue
    group by tenant_id, business_date, department_id, currency_code
)

select * from department_revenue
