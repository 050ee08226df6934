{# grain: one row per tenant, month and department #}
with counts as (
    select * from {{ ref('published_visit_counts') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

patients_by_department as (
    select
        cou.tenant_id,
        cou.department_id,
        dep.department_code,
        case
            when cou.department_id = 0 then 'Unattributed'
            else coalesce(dep.department_name, 'Unknown department')
        end as department_name,
        cou.visit_count,
        cou.patient_count,
        cou.is_suppressed,
        cou.month_start_date
    from counts as cou
    left join departments as dep
        on
            cou.tenant_id = dep.tenant_id
            and cou.department_id = dep.department_id
    where cou.breakdown = 'department'
)

select * from patients_by_department
