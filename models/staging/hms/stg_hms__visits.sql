{# grain: one row per visit of a patient #}
with visits as (
    select * from {{ source('hms', 'visits') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

judged_visits as (
    select
        vis.*,
        vis.status in ('waiting', 'in_consultation', 'completed') as is_attended,
        {{ business_date('vis.entered_at', 'ten') }} as visit_date,
        case
            when ten.tenant_id is null then 'visit without its tenant'
            when ten.reject_reason is not null then ten.reject_reason
            when vis.patient_id is null then 'visit without its patient'
            when vis.visit_type is null then 'visit without a type'
            when vis.visit_type not in ('outpatient', 'emergency', 'inpatient')
                then 'visit of an unknown type'
            when vis.status is null then 'visit without a status'
            when
                vis.status not in (
                    'waiting', 'in_consultation', 'completed', 'cancelled', 'no_show'
                )
                then 'unknown status ' || vis.status
            when {{ is_dated('vis.entered_at') }} is not true
                then 'visit without its date'
        end as reject_reason,
        to_jsonb(vis.*) - 'landed_in' as raw_row
    from visits as vis
    left join tenants as ten on vis.tenant_id = ten.tenant_id
),

dated_visits as (
    select
        tenant_id,
        id as visit_id,
        patient_id,
        department_id,
        doctor_id as practitioner_id,
        visit_type,
        is_attended,
        visit_date,
        updated_at as recorded_at,
        reject_reason,
        case when reject_reason is not null then raw_row end as rejected_row
    from judged_visits
)

select * from dated_visits
