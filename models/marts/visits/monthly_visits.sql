{# grain: one row per tenant and month #}
with counts as (
    select * from {{ ref('published_visit_counts') }}
),

monthly_visits as (
    select
        tenant_id,
        visit_count,
        patient_count,
        is_suppressed,
        month_start_date
    from counts
    where breakdown = 'month'
)

select * from monthly_visits
