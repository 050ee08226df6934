{# grain: one row per department #}
with departments as (
    select * from {{ source('hms', 'departments') }}
),

renamed_departments as (
    select
        dep.tenant_id,
        dep.id as department_id,
        dep.code as department_code,
        dep.name as department_name,
        dep.is_active
    from departments as dep
)

select * from renamed_departments
