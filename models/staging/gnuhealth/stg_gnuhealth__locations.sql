{# grain: one row per tenant and location it has moved stock from or to #}
with from_moves as (
    select * from {{ source('gnuhealth', 'stock_move') }}
),

to_moves as (
    select * from {{ source('gnuhealth', 'stock_move') }}
),

locations as (
    select * from {{ source('gnuhealth', 'stock_location') }}
),

-- locations are shared by all companies; a tenant sees the ones it uses
tenant_locations as (
    select
        tenant_id,
        source_id,
        from_location as location_id
    from from_moves
    union distinct
    select
        tenant_id,
        source_id,
        to_location
    from to_moves
),

labelled_locations as (
    select
        ten.tenant_id,
        ten.location_id,
        loc.name as location_name,
        loc.type as location_type
    from tenant_locations as ten
    inner join locations as loc
        on ten.source_id = loc.source_id and ten.location_id = loc.id
)

select * from labelled_locations
