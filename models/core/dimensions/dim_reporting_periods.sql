{# grain: one row per tenant #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

stock_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

reported_days as (
    select
        ten.tenant_id,
        least(
            (
                select min(pos.business_date)
                from postings as pos
                where pos.tenant_id = ten.tenant_id
            ),
            (
                select min(mov.movement_date)
                from stock_movements as mov
                where mov.tenant_id = ten.tenant_id
            )
        ) as first_date,
        greatest(
            (
                select max(pos.business_date)
                from postings as pos
                where pos.tenant_id = ten.tenant_id
            ),
            (
                select max(mov.movement_date)
                from stock_movements as mov
                where mov.tenant_id = ten.tenant_id
            )
        ) as last_date
    from tenants as ten
),

-- until the end of the year after the last row, so that the days move once a year
reporting_periods as (
    select
        tenant_id,
        first_date,
        make_date(extract(year from last_date)::int + 1, 12, 31) as last_date
    from reported_days
    where first_date is not null
)

select * from reporting_periods
