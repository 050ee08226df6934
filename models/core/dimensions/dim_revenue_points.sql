{# grain: one row per tenant and revenue point #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

revenue_points as (
    select * from {{ ref('revenue_points') }}
),

tenant_revenue_points as (
    select
        ten.tenant_id,
        poi.revenue_point_code,
        poi.revenue_point_name
    from tenants as ten
    cross join revenue_points as poi
)

select * from tenant_revenue_points
