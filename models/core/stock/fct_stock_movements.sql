{# grain: one row per leg of a stock movement #}
with stock_movements as (
    select * from {{ from_systems('stock_movements') }}
),

moved_legs as (
    select
        tenant_id,
        movement_id,
        leg,
        product_id,
        batch_id,
        location_id,
        movement_type,
        quantity::numeric(18, 4) as quantity,
        unit_cost::numeric(18, 6) as unit_cost,
        movement_date,
        recorded_at
    from stock_movements
    where {{ is_kept() }}
)

select * from moved_legs
