{# grain: one row per tenant, business date, practitioner and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

practitioners as (
    select * from {{ ref('dim_practitioners') }}
),

practitioner_revenue as (
    select
        tenant_id,
        coalesce(practitioner_id, 0) as practitioner_id,
        currency_code,
        {{ revenue_measures() }},
        business_date
    from postings
    where {{ moves(revenue_accounts()) }}
    group by
        tenant_id,
        business_date,
        currency_code,
        coalesce(practitioner_id, 0)
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.practitioner_id,
        case
            when rev.practitioner_id = 0 then 'Unattributed'
            else coalesce(pra.practitioner_name, 'Unknown practitioner')
        end as practitioner_name,
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
    from practitioner_revenue as rev
    left join practitioners as pra
        on
            rev.tenant_id = pra.tenant_id
            and rev.practitioner_id = pra.practitioner_id
)

select * from labelled_revenue
