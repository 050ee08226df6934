{# grain: one row per location #}
with locations as (
    select * from {{ source('hms', 'locations') }}
),

renamed_locations as (
    select
        loc.tenant_id,
        loc.id as location_id,
        loc.name as location_name,
        loc.location_type
    from locations as loc
)

select * from renamed_locations
