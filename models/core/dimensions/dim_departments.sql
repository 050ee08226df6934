{# grain: one row per department #}
with departments as (
    select * from {{ from_systems('departments') }}
),

rules_of_codes as (
    select * from {{ ref('revenue_point_rules') }}
),

rules_of_names as (
    select * from {{ ref('revenue_point_rules') }}
),

listed_departments as (
    select
        dep.tenant_id,
        dep.department_id,
        dep.department_code,
        dep.department_name,
        coalesce(cod.revenue_point_code, nam.revenue_point_code) as revenue_point_code,
        dep.is_active
    from departments as dep
    left join rules_of_codes as cod
        on lower(trim(dep.department_code)) = cod.value and cod.rule = 'department'
    left join rules_of_names as nam
        on lower(trim(dep.department_name)) = nam.value and nam.rule = 'department'
)

select * from listed_departments
