{# grain: one row per tenant and hospital unit #}
with units as (
    select * from {{ source('gnuhealth', 'gnuhealth_hospital_unit') }}
),

institutions as (
    select * from {{ source('gnuhealth', 'gnuhealth_institution') }}
),

companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

professionals as (
    select * from {{ source('gnuhealth', 'gnuhealth_healthprofessional') }}
),

practitioners as (
    select * from {{ ref('stg_gnuhealth__practitioners') }}
),

-- a unit belongs to the company whose institution it is in, and to the ones that one of
-- its professionals works for
departments as (
    select
        com.tenant_id,
        uni.id as department_id,
        uni.code as department_code,
        uni.name as department_name,
        true as is_active
    from units as uni
    inner join companies as com on uni.source_id = com.source_id
    left join institutions as ins
        on uni.source_id = ins.source_id and uni.institution = ins.id
    where
        ins.party = com.party
        or exists (
            select from professionals as pro
            inner join practitioners as pra
                on com.tenant_id = pra.tenant_id and pro.id = pra.practitioner_id
            where pro.source_id = uni.source_id and pro.institution_unit = uni.id
        )
)

select * from departments
