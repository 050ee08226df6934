{# grain: one row per service #}
with services as (
    select * from {{ source('hms', 'services') }}
),

renamed_services as (
    select
        srv.tenant_id,
        srv.id as service_id,
        srv.code as service_code,
        srv.name as service_name,
        srv.category as service_category
    from services as srv
)

select * from renamed_services
