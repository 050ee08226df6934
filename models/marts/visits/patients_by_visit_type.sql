{# grain: one row per tenant, month and type of visit #}
with counts as (
    select * from {{ ref('published_visit_counts') }}
),

patients_by_visit_type as (
    select
        tenant_id,
        visit_type,
        visit_count,
        patient_count,
        is_suppressed,
        month_start_date
    from counts
    where breakdown = 'visit_type'
)

select * from patients_by_visit_type
