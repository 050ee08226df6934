{# grain: one row per tenant, month, department and currency #}
with revenue_months as (
    select * from {{ ref('revenue_by_department') }}
),

department_visits as (
    select * from {{ ref('published_visit_counts') }}
    where breakdown = 'department'
),

visit_months as (
    select * from {{ ref('published_visit_counts') }}
    where breakdown = 'month'
),

-- a department that is not listed had no visit, if the month's departments are
counted_months as (
    select
        rev.tenant_id,
        rev.department_id,
        rev.department_code,
        rev.department_name,
        rev.currency_code,
        case
            when vis.tenant_id is null and mon.is_broken_down then 0
            else vis.visit_count
        end as visit_count,
        rev.line_count,
        rev.invoice_count,
        rev.net_revenue_amount,
        rev.previous_amount as previous_net_revenue_amount,
        coalesce(vis.is_suppressed, not mon.is_broken_down, false) as is_suppressed,
        rev.is_complete,
        rev.month_start_date,
        rev.previous_month_start_date
    from revenue_months as rev
    left join department_visits as vis
        on
            rev.tenant_id = vis.tenant_id
            and rev.department_id = vis.department_id
            and rev.month_start_date = vis.month_start_date
    left join visit_months as mon
        on
            rev.tenant_id = mon.tenant_id
            and rev.month_start_date = mon.month_start_date
),

earlier_months as (
    select
        *,
        lag(visit_count) over mon as lag_visit_count,
        lag(month_start_date) over mon as lag_month_start_date
    from counted_months
    window mon as (
        partition by tenant_id, department_id, currency_code
        order by month_start_date
    )
),

rated_months as (
    select
        *,
        case
            when lag_month_start_date = previous_month_start_date then lag_visit_count
        end as previous_visit_count
    from earlier_months
),

-- what more visits at the rate of the month before bring, and what the rate brings beside it
explained_months as (
    select
        tenant_id,
        department_id,
        department_code,
        department_name,
        currency_code,
        visit_count,
        previous_visit_count,
        line_count,
        invoice_count,
        net_revenue_amount,
        previous_net_revenue_amount,
        (net_revenue_amount / nullif(visit_count, 0))::numeric(18, 4)
            as revenue_per_visit_amount,
        (net_revenue_amount - previous_net_revenue_amount)::numeric(18, 4)
            as change_amount,
        (
            (visit_count - previous_visit_count)
            * previous_net_revenue_amount / nullif(previous_visit_count, 0)
        )::numeric(18, 4) as volume_effect_amount,
        (
            net_revenue_amount - previous_net_revenue_amount
            - (
                (visit_count - previous_visit_count)
                * previous_net_revenue_amount / nullif(previous_visit_count, 0)
            )::numeric(18, 4)
        )::numeric(18, 4) as rate_effect_amount,
        is_suppressed,
        is_complete,
        month_start_date,
        previous_month_start_date
    from rated_months
)

select * from explained_months
