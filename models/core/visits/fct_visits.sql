{# grain: one row per visit that took place #}
with visits as (
    select * from {{ from_systems('visits') }}
),

attended_visits as (
    select
        tenant_id,
        visit_id,
        patient_id,
        department_id,
        practitioner_id,
        visit_type,
        date_trunc('month', visit_date)::date as month_start_date,
        visit_date,
        recorded_at
    from visits
    where {{ is_kept() }} and is_attended
)

select * from attended_visits
