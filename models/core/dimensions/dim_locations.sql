{# grain: one row per stock location #}
with locations as (
    select * from {{ from_systems('locations') }}
),

listed_locations as (
    select
        tenant_id,
        location_id,
        location_name,
        location_type
    from locations
)

select * from listed_locations
