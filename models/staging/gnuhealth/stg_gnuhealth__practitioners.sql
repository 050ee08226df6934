{# grain: one row per tenant and health professional #}
with professionals as (
    select * from {{ source('gnuhealth', 'gnuhealth_healthprofessional') }}
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

-- a professional belongs to the company of his institution, and to one that bills for him
tenant_professionals as (
    select
        com.tenant_id,
        pro.source_id,
        pro.id
    from professionals as pro
    inner join institutions as ins
        on pro.source_id = ins.source_id and pro.institution = ins.id
    inner join companies as com
        on ins.source_id = com.source_id and ins.party = com.party
    union distinct
    select
        vis.tenant_id,
        vis.source_id,
        vis.practitioner_id
    from visits as vis
    where vis.practitioner_id is not null
),

professional_labels as (
    select * from {{ source('gnuhealth', 'gnuhealth_healthprofessional') }}
),

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

practitioners as (
    select
        ten.tenant_id,
        ten.id as practitioner_id,
        lab.institution_unit as department_id,
        concat_ws(' ', par.name, par.lastname) as practitioner_name,
        coalesce(lab.active, true) as is_active
    from tenant_professionals as ten
    inner join professional_labels as lab
        on ten.source_id = lab.source_id and ten.id = lab.id
    left join parties as par
        on lab.source_id = par.source_id and lab.party = par.id
)

select * from practitioners
