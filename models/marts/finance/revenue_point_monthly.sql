{# grain: one row per tenant, month, revenue point and currency #}
with revenue_point_days as not materialized (
    select * from {{ ref('revenue_point_daily') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

reported_months as (
    {{ reported_months('first_revenue_point_date') }}
),

revenue_point_months as (
    {{ revenue_months(
        'reported_months',
        'revenue_point_days',
        ['revenue_point_code'],
        is_collected=true
    ) }}
),

shared_months as (
    {{ with_shares(
        'revenue_point_months',
        'net_revenue_amount',
        ['tenant_id', 'month_start_date', 'currency_code'],
        ['revenue_point_code']
    ) }}
),

labelled_months as (
    select
        mon.tenant_id,
        mon.revenue_point_code,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        mon.currency_code,
        {{ compared_revenue('mon', is_collected=true) }}
    from shared_months as mon
    left join revenue_points as poi
        on
            mon.tenant_id = poi.tenant_id
            and mon.revenue_point_code = poi.revenue_point_code
)

select * from labelled_months
