{# grain: one row per patient #}
with patients as (
    select * from {{ source('hms', 'patients') }}
),

listed_patients as (
    select
        pat.tenant_id,
        pat.id as patient_id,
        pat.number as patient_number,
        concat_ws(' ', pat.first_name, pat.last_name) as patient_name,
        pat.phone,
        pat.gender,
        pat.birth_date
    from patients as pat
)

select * from listed_patients
