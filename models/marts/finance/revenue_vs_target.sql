{# grain: one row per tenant, month, revenue point and currency with a target #}
with targets as (
    select * from {{ ref('fct_revenue_targets') }}
),

revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

periods as (
    select * from {{ ref('reporting_periods') }}
),

targeted_revenue as (
    select
        tar.tenant_id,
        tar.revenue_point_code,
        tar.currency_code,
        tar.target_amount,
        coalesce(sum(day.net_revenue_amount), 0)::numeric(18, 4) as net_revenue_amount,
        tar.month_start_date,
        (tar.month_start_date + interval '1 month')::date - tar.month_start_date
            as month_days
    from targets as tar
    left join revenue_point_days as day
        on
            tar.tenant_id = day.tenant_id
            and tar.currency_code = day.currency_code
            and tar.revenue_point_code in ('all', day.revenue_point_code)
            and tar.month_start_date <= day.business_date
            and tar.month_start_date + interval '1 month' > day.business_date
    group by
        tar.tenant_id,
        tar.month_start_date,
        tar.revenue_point_code,
        tar.currency_code,
        tar.target_amount
),

elapsed_months as (
    select
        rev.*,
        greatest(
            0, least(rev.month_days, per.last_data_date - rev.month_start_date + 1)
        ) as elapsed_days
    from targeted_revenue as rev
    inner join periods as per on rev.tenant_id = per.tenant_id
),

attained_months as (
    select
        mon.tenant_id,
        mon.revenue_point_code,
        case
            when mon.revenue_point_code = 'all' then 'All revenue points'
            else coalesce(poi.revenue_point_name, 'Unknown revenue point')
        end as revenue_point_name,
        mon.currency_code,
        mon.target_amount,
        mon.net_revenue_amount,
        (mon.net_revenue_amount - mon.target_amount)::numeric(18, 4) as variance_amount,
        (mon.net_revenue_amount * 100 / nullif(mon.target_amount, 0))::numeric(30, 2)
            as attainment_percent,
        mon.elapsed_days,
        mon.month_days,
        (mon.target_amount * mon.elapsed_days / mon.month_days)::numeric(18, 4)
            as target_to_date_amount,
        (
            mon.net_revenue_amount
            - (mon.target_amount * mon.elapsed_days / mon.month_days)::numeric(18, 4)
        )::numeric(18, 4) as variance_to_date_amount,
        mon.month_start_date
    from elapsed_months as mon
    left join revenue_points as poi
        on
            mon.tenant_id = poi.tenant_id
            and mon.revenue_point_code = poi.revenue_point_code
)

select * from attained_months
