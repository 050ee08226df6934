{# grain: one row per invoice line #}
{#- A plain select, without CTEs: joined to, it is looked up by index. #}
select
    lin.tenant_id,
    lin.source_id,
    lin.id as invoice_line_id,
    lin.invoice as invoice_id,
    lin.product as product_id,
    pro.institution_unit as department_id,
    pro.id as practitioner_id
from {{ source('gnuhealth', 'account_invoice_line') }} as lin
-- a credit note's line has its origin in the line it credits, at most two deep
left join {{ source('gnuhealth', 'account_invoice_line') }} as cre
    on
        lin.tenant_id = cre.tenant_id
        and cre.id = {{ referenced_id('lin.origin', 'account.invoice.line') }}
left join {{ source('gnuhealth', 'account_invoice_line') }} as fir
    on
        cre.tenant_id = fir.tenant_id
        and fir.id = {{ referenced_id('cre.origin', 'account.invoice.line') }}
left join {{ source('gnuhealth', 'gnuhealth_health_service_line') }} as ser
    on
        lin.source_id = ser.source_id
        and ser.id = {{ referenced_id(
            'coalesce(fir.origin, cre.origin, lin.origin)',
            'gnuhealth.health_service.line',
        ) }}
left join {{ source('gnuhealth', 'gnuhealth_appointment') }} as app
    on ser.source_id = app.source_id and ser.appointment = app.id
left join {{ source('gnuhealth', 'gnuhealth_healthprofessional') }} as pro
    on app.source_id = pro.source_id and app.healthprof = pro.id
