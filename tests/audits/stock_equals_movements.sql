{# S1, S4: on the last day, current stock per product and location is the sum of all movements #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

current_stock as (
    select * from {{ ref('current_stock') }}
),

stock_movements as (
    select * from {{ ref('fct_stock_movements') }}
),

locations as (
    select * from {{ ref('dim_locations') }}
),

measures as (
    select
        per.tenant_id,
        sto.product_id,
        sto.location_id,
        sto.quantity
    from periods as per
    inner join lateral (
        select
            inn.product_id,
            inn.location_id,
            inn.quantity
        from current_stock as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_date
        offset 0
    ) as sto on true
    union all
    select
        mov.tenant_id,
        mov.product_id,
        mov.location_id,
        -mov.quantity as quantity
    from periods as per
    inner join stock_movements as mov on per.tenant_id = mov.tenant_id
    inner join locations as loc
        on
            mov.tenant_id = loc.tenant_id
            and mov.location_id = loc.location_id
            and loc.location_type = 'storage'
),

differing_stock as (
    select
        tenant_id,
        product_id,
        location_id,
        sum(quantity) as difference
    from measures
    group by tenant_id, product_id, location_id
    having sum(quantity) <> 0
)

select * from differing_stock
