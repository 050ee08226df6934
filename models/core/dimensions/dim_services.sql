{# grain: one row per service #}
with services as (
    select * from {{ from_systems('services') }}
),

listed_services as (
    select
        tenant_id,
        service_id,
        service_code,
        service_name,
        service_category
    from services
)

select * from listed_services
