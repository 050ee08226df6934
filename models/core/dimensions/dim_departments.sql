{# grain: one row per department #}
with departments as (
    select * from {{ from_systems('departments') }}
),

listed_departments as (
    select
        tenant_id,
        department_id,
        department_code,
        department_name,
        is_active
    from departments
)

select * from listed_departments
