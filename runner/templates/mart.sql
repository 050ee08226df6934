{# grain: one row per tenant, business date, department and currency #}
with department_revenue as (
    select * from {{ ref('department_revenue_daily') }}
),

net_revenue as (
    select
        tenant_id,
        department_id,
        currency_code,
        net_revenue_amount,
        business_date
    from department_revenue
)

select * from net_revenue
