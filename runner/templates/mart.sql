{# grain: one row per tenant, business date and department #}
with department_revenue as (
    select
        rev.tenant_id,
        rev.department_id,
        rev.currency_code,
        rev.net_revenue_amount,
        rev.business_date
    from {{ ref('department_revenue_daily') }} as rev
)

select * from department_revenue
