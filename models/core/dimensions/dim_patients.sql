{# grain: one row per patient of a tenant, without name #}
with patients as (
    select * from {{ from_systems('patients') }}
),

listed_patients as (
    select
        tenant_id,
        patient_id,
        patient_number,
        gender,
        birth_date
    from patients
)

select * from listed_patients
