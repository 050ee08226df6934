{# grain: one row per tenant and business date #}
with counts as (
    select * from {{ ref('published_visit_counts') }}
),

amounts as (
    select * from {{ ref('revenue_and_collections_daily') }}
),

tenants as (
    select * from {{ ref('dim_tenants') }}
),

visit_days as (
    select * from counts
    where breakdown = 'day'
),

visit_months as (
    select * from counts
    where breakdown = 'month'
),

days as (
    select
        tenant_id,
        business_date
    from visit_days
    union distinct
    select
        tenant_id,
        business_date
    from amounts
),

daily_stats as (
    select
        day.tenant_id,
        ten.currency_code,
        case
            when vis.tenant_id is null and mon.is_broken_down then 0
            else vis.visit_count
        end as visit_count,
        case
            when vis.tenant_id is null and mon.is_broken_down then 0
            else vis.patient_count
        end as patient_count,
        coalesce(amo.net_revenue_base_amount, 0)::numeric(18, 4) as net_revenue_amount,
        coalesce(amo.collected_base_amount, 0)::numeric(18, 4) as collected_amount,
        coalesce(vis.is_suppressed, not mon.is_broken_down, false) as is_suppressed,
        day.business_date
    from days as day
    inner join tenants as ten on day.tenant_id = ten.tenant_id
    left join visit_days as vis
        on day.tenant_id = vis.tenant_id and day.business_date = vis.business_date
    left join visit_months as mon
        on
            day.tenant_id = mon.tenant_id
            and date_trunc('month', day.business_date)::date = mon.month_start_date
    left join amounts as amo
        on day.tenant_id = amo.tenant_id and day.business_date = amo.business_date
)

select * from daily_stats
