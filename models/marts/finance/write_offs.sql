{# grain: one row per write-off, contractual adjustment or recovery, in any state #}
with adjustments as (
    select * from {{ ref('fct_adjustments') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

departments as (
    select * from {{ ref('dim_departments') }}
),

-- V3, A10: what the journal has of it
labelled_adjustments as (
    select
        adj.tenant_id,
        adj.adjustment_id,
        adj.invoice_id,
        inv.patient_id,
        inv.payer_id,
        inv.department_id,
        adj.requested_by,
        adj.approved_by,
        inv.invoice_number,
        dep.department_name,
        inv.revenue_point_code,
        adj.category,
        adj.category_name,
        adj.event_type,
        adj.share,
        adj.status,
        adj.currency_code,
        adj.amount,
        adj.status = 'approved'
        and coalesce(inv.currency_code = adj.currency_code, false) as is_posted,
        adj.reversal_date is not null as is_reversed,
        case
            when adj.status = 'approved'
                then greatest(adj.adjustment_date, inv.invoice_date)
            else adj.adjustment_date
        end as business_date,
        adj.reversal_date,
        adj.recorded_at,
        adj.requester,
        adj.approver
    from adjustments as adj
    left join invoices as inv
        on adj.tenant_id = inv.tenant_id and adj.invoice_id = inv.invoice_id
    left join departments as dep
        on inv.tenant_id = dep.tenant_id and inv.department_id = dep.department_id
)

select * from labelled_adjustments
