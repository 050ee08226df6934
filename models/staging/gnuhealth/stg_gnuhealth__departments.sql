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

visits as (
    select * from {{ ref('stg_gnuhealth__invoice_line_visits') }}
),

-- a unit belongs to the company whose institution it is in, and to one that bills for it
tenant_units as (
    select
        com.tenant_id,
        uni.source_id,
        uni.id
    from units as uni
    inner join institutions as ins
        on uni.source_id = ins.source_id and uni.institution = ins.id
    inner join companies as com
        on ins.source_id = com.source_id and ins.party = com.party
    union distinct
    select
        vis.tenant_id,
        vis.source_id,
        vis.department_id
    from visits as vis
    where vis.department_id is not null
),

unit_labels as (
    select * from {{ source('gnuhealth', 'gnuhealth_hospital_unit') }}
),

departments as (
    select
        ten.tenant_id,
        ten.id as department_id,
        lab.code as department_code,
        lab.name as department_name,
        true as is_active
    from tenant_units as ten
    inner join unit_labels as lab
        on ten.source_id = lab.source_id and ten.id = lab.id
)

select * from departments
