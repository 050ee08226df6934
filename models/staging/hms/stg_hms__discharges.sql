{# grain: one row per invoice of a visit that is over #}
with visits as (
    select * from {{ source('hms', 'visits') }}
),

tenants as (
    select * from {{ ref('stg_hms__tenants') }}
),

invoices as (
    select * from {{ source('hms', 'invoices') }}
),

discharges as (
    select
        inv.tenant_id,
        inv.id as invoice_id,
        {{ business_date('vis.exited_at', 'ten') }} as discharge_date
    from invoices as inv
    inner join visits as vis
        on inv.tenant_id = vis.tenant_id and inv.visit_id = vis.id
    inner join tenants as ten on inv.tenant_id = ten.tenant_id
    where
        vis.status = 'completed'
        and {{ is_dated('vis.exited_at') }}
        and {{ is_kept('ten') }}
)

select * from discharges
