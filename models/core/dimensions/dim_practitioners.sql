{# grain: one row per practitioner #}
with practitioners as (
    select * from {{ from_systems('practitioners') }}
),

listed_practitioners as (
    select
        tenant_id,
        practitioner_id,
        department_id,
        practitioner_name,
        is_active
    from practitioners
)

select * from listed_practitioners
