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

parties as (
    select * from {{ source('gnuhealth', 'party_party') }}
),

appointments as (
    select * from {{ source('gnuhealth', 'gnuhealth_appointment') }}
),

service_lines as (
    select * from {{ source('gnuhealth', 'gnuhealth_health_service_line') }}
),

invoice_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

-- a professional belongs to the company of his institution and to those that bill for
-- him
practitioners as (
    select
        com.tenant_id,
        pro.id as practitioner_id,
        pro.institution_unit as department_id,
        concat_ws(' ', par.name, par.lastname) as practitioner_name,
        coalesce(pro.active, true) as is_active
    from professionals as pro
    inner join companies as com on pro.source_id = com.source_id
    left join institutions as ins
        on pro.source_id = ins.source_id and pro.institution = ins.id
    left join parties as par
        on pro.source_id = par.source_id and pro.party = par.id
    where
        ins.party = com.party
        or exists (
            select from appointments as app
            inner join service_lines as ser
                on app.source_id = ser.source_id and app.id = ser.appointment
            inner join invoice_lines as lin
                on
                    ser.source_id = lin.source_id
                    and lin.origin = 'gnuhealth.health_service.line,' || ser.id
            where
                app.source_id = pro.source_id
                and app.healthprof = pro.id
                and lin.tenant_id = com.tenant_id
        )
)

select * from practitioners
