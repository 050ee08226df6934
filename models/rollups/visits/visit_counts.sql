{# grain: one row per tenant, month and part of the month's visits #}
with visits as (
    select * from {{ ref('fct_visits') }}
),

-- each visit in the month, on its day, in its department, of its type, and of both
counted_visits as (
    select
        vis.tenant_id,
        par.breakdown,
        par.part,
        vis.patient_id,
        par.department_id,
        par.visit_type,
        vis.month_start_date,
        par.business_date
    from visits as vis
    cross join lateral (
        values
        ('month', 'month', null::bigint, null::text, null::date),
        ('day', 'day ' || vis.visit_date, null, null, vis.visit_date),
        (
            'department',
            'department ' || coalesce(vis.department_id, 0),
            coalesce(vis.department_id, 0),
            null,
            null
        ),
        ('visit_type', 'type ' || vis.visit_type, null, vis.visit_type, null),
        (
            'department_visit_type',
            'department ' || coalesce(vis.department_id, 0) || ' ' || vis.visit_type,
            coalesce(vis.department_id, 0),
            vis.visit_type,
            null
        )
    ) as par (breakdown, part, department_id, visit_type, business_date)
),

-- who comes twice is one patient
patient_visits as (
    select
        tenant_id,
        breakdown,
        part,
        department_id,
        visit_type,
        patient_id,
        count(*) as visit_count,
        month_start_date,
        business_date
    from counted_visits
    group by
        tenant_id,
        month_start_date,
        breakdown,
        part,
        department_id,
        visit_type,
        business_date,
        patient_id
),

visit_counts as (
    select
        tenant_id,
        breakdown,
        part,
        department_id,
        visit_type,
        sum(visit_count)::bigint as visit_count,
        count(*) as patient_count,
        month_start_date,
        business_date
    from patient_visits
    group by
        tenant_id,
        month_start_date,
        breakdown,
        part,
        department_id,
        visit_type,
        business_date
)

select * from visit_counts
