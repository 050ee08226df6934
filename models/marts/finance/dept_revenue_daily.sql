{# grain: one row per tenant, business date, department and currency #}
with department_revenue as (
    select * from {{ ref('department_revenue_daily') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

labelled_revenue as (
    select
        rev.tenant_id,
        rev.department_id,
        dep.department_code,
        case
            when rev.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
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
        rev.business_date
    from department_revenue as rev
    left join departments as dep
        on
            rev.tenant_id = dep.tenant_id
            and rev.department_id = dep.department_id
)

select * from labelled_revenue
