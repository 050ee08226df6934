{# grain: one row per invoice line #}
with invoice_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

credited_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

first_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

service_lines as (
    select * from {{ source('gnuhealth', 'gnuhealth_health_service_line') }}
),

appointments as (
    select * from {{ source('gnuhealth', 'gnuhealth_appointment') }}
),

professionals as (
    select * from {{ source('gnuhealth', 'gnuhealth_healthprofessional') }}
),

-- a credit note's line has its origin in the line it credits, at most two deep
service_origins as (
    select
        lin.tenant_id,
        lin.source_id,
        lin.id as invoice_line_id,
        lin.invoice as invoice_id,
        lin.product as product_id,
        substring(
            concat_ws(' ', lin.origin, cre.origin, fir.origin)
            from 'gnuhealth\.health_service\.line,([0-9]+)'
        )::bigint as service_line_id
    from invoice_lines as lin
    left join credited_lines as cre
        on
            lin.tenant_id = cre.tenant_id
            and cre.id = substring(
                lin.origin from '^account\.invoice\.line,([0-9]+)$'
            )::bigint
    left join first_lines as fir
        on
            cre.tenant_id = fir.tenant_id
            and fir.id = substring(
                cre.origin from '^account\.invoice\.line,([0-9]+)$'
            )::bigint
),

visits as (
    select
        ori.tenant_id,
        ori.source_id,
        ori.invoice_line_id,
        ori.invoice_id,
        ori.product_id,
        pro.institution_unit as department_id,
        pro.id as practitioner_id
    from service_origins as ori
    left join service_lines as ser
        on ori.source_id = ser.source_id and ori.service_line_id = ser.id
    left join appointments as app
        on ser.source_id = app.source_id and ser.appointment = app.id
    left join professionals as pro
        on app.source_id = pro.source_id and app.healthprof = pro.id
)

select * from visits
