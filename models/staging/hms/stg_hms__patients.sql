{# grain: one row per patient #}
with patients as (
    select * from {{ source('hms', 'patients') }}
),

nameless_patients as (
    select
        pat.tenant_id,
        pat.id as patient_id,
        pat.number as patient_number,
        pat.gender,
        pat.birth_date
    from patients as pat
)

select * from nameless_patients
