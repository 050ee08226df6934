{# grain: one row per doctor #}
with doctors as (
    select * from {{ source('hms', 'doctors') }}
),

practitioners as (
    select
        doc.tenant_id,
        doc.id as practitioner_id,
        doc.department_id,
        doc.full_name as practitioner_name,
        doc.is_active
    from doctors as doc
)

select * from practitioners
