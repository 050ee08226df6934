{# grain: one row per tenant and day that can be reported on #}
with periods as (
    select * from {{ ref('reporting_periods') }}
),

reporting_days as (
    select
        per.tenant_id,
        per.first_date + day.number as as_of_date,
        date_trunc('month', per.first_date + day.number)::date as month_start_date
    from periods as per
    cross join
        lateral generate_series(0, per.last_date - per.first_date) as day (number)
)

select * from reporting_days
