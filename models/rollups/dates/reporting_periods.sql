{# grain: one row per tenant #}
with tenants as (
    select * from {{ ref('dim_tenants') }}
),

first_postings as (
    select * from {{ ref('fct_postings') }}
),

last_postings as (
    select * from {{ ref('fct_postings') }}
),

first_revenue as (
    select * from {{ ref('fct_postings') }}
    where {{ moves(revenue_accounts()) }}
),

first_collections as (
    select * from {{ ref('fct_postings') }}
    where {{ moves(collection_accounts()) }}
),

first_at_points as (
    select * from {{ ref('fct_postings') }}
    where {{ moves(revenue_point_accounts()) }}
),

first_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

last_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

discharges as (
    select * from {{ from_systems('discharges') }}
),

-- one look into the index of days each, however long the history
reported_days as (
    select
        ten.tenant_id,
        least(
            (
                select pos.business_date
                from first_postings as pos
                where pos.tenant_id = ten.tenant_id
                order by pos.business_date
                limit 1
            ),
            (
                select mov.movement_date
                from first_movements as mov
                where mov.tenant_id = ten.tenant_id
                order by mov.movement_date
                limit 1
            )
        ) as first_date,
        greatest(
            (
                select pos.business_date
                from last_postings as pos
                where pos.tenant_id = ten.tenant_id
                order by pos.business_date desc
                limit 1
            ),
            (
                select mov.movement_date
                from last_movements as mov
                where mov.tenant_id = ten.tenant_id
                order by mov.movement_date desc
                limit 1
            )
        ) as last_date,
        (
            select pos.business_date
            from first_revenue as pos
            where pos.tenant_id = ten.tenant_id
            order by pos.business_date
            limit 1
        ) as first_revenue_date,
        (
            select pos.business_date
            from first_collections as pos
            where pos.tenant_id = ten.tenant_id
            order by pos.business_date
            limit 1
        ) as first_collection_date,
        (
            select pos.business_date
            from first_at_points as pos
            where pos.tenant_id = ten.tenant_id
            order by pos.business_date
            limit 1
        ) as first_revenue_point_date,
        exists(
            select dis.tenant_id
            from discharges as dis
            where dis.tenant_id = ten.tenant_id
        ) as has_discharges
    from tenants as ten
),

-- until the end of the tenth year after the last row, so that the days move once a year, and
-- what a hospital is owed can be asked for long after it closed
reporting_periods as (
    select
        tenant_id,
        first_date,
        last_date as last_data_date,
        make_date(extract(year from last_date)::int + 10, 12, 31) as last_date,
        first_revenue_date,
        first_collection_date,
        first_revenue_point_date,
        has_discharges
    from reported_days
    where first_date is not null
)

select * from reporting_periods
