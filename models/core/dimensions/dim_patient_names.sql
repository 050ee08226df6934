{# grain: one row per patient of a tenant #}
with patients as (
    select * from {{ from_systems('patients') }}
),

named_patients as (
    select
        tenant_id,
        patient_id,
        patient_number,
        patient_name,
        phone
    from patients
)

select * from named_patients
