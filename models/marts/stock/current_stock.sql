{# grain: one row per tenant, as-of date, product, batch and location that is not empty #}
with days as (
    select * from {{ ref('reporting_days') }}
),

stock_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

locations as (
    select * from {{ ref('dim_locations') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

batches as (
    select * from {{ ref('dim_batches') }}
),

expiry_bands as (
    select * from {{ ref('dim_expiry_bands') }}
),

-- S1: the sum of all movements up to the day
balances as (
    select
        day.tenant_id,
        mov.product_id,
        mov.batch_id,
        mov.location_id,
        sum(mov.quantity) as quantity,
        sum(mov.quantity * coalesce(mov.unit_cost, 0)) as value_amount,
        max(mov.movement_date) as last_movement_date,
        day.as_of_date
    from days as day
    inner join stock_movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.movement_date
    group by
        day.tenant_id, day.as_of_date, mov.product_id, mov.batch_id, mov.location_id
    having sum(mov.quantity) <> 0
),

dated_balances as (
    select
        bal.tenant_id,
        bal.product_id,
        coalesce(bal.batch_id, 0) as batch_id,
        bal.location_id,
        loc.location_name,
        bat.batch_number,
        bal.quantity,
        bal.value_amount,
        bat.expiry_date - bal.as_of_date as days_to_expiry,
        bal.as_of_date,
        bat.expiry_date,
        bal.last_movement_date
    from balances as bal
    inner join locations as loc
        on
            bal.tenant_id = loc.tenant_id
            and bal.location_id = loc.location_id
            and loc.location_type = 'storage'
    left join batches as bat
        on bal.tenant_id = bat.tenant_id and bal.batch_id = bat.batch_id
),

stock as (
    select
        bal.tenant_id,
        bal.product_id,
        bal.batch_id,
        bal.location_id,
        pro.product_code,
        pro.product_name,
        pro.product_category,
        pro.unit,
        bal.batch_number,
        bal.location_name,
        coalesce(ban.band_code, 'no_expiry') as expiry_band_code,
        coalesce(ban.band_label, 'No expiry date') as expiry_band_label,
        bal.quantity::numeric(18, 4) as quantity,
        bal.value_amount::numeric(18, 4) as value_amount,
        bal.days_to_expiry,
        bal.quantity < 0 as is_negative,
        bal.as_of_date,
        bal.expiry_date,
        bal.last_movement_date
    from dated_balances as bal
    left join products as pro
        on bal.tenant_id = pro.tenant_id and bal.product_id = pro.product_id
    left join expiry_bands as ban
        on
            bal.tenant_id = ban.tenant_id
            and bal.days_to_expiry between coalesce(ban.days_from, -2147483648)
            and coalesce(ban.days_to, 2147483647)
)

select * from stock
