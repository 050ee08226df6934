{# grain: one row per posting of a write-off, contractual adjustment or recovery #}
with adjustments as (
    select * from {{ from_systems('adjustments') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

adjustment_categories as (
    select * from {{ ref('adjustment_categories') }}
),

-- V3: only approved ones move money, and none before its invoice is issued; one in another
-- currency than its invoice is set aside (fct_quarantined_rows)
approved_adjustments as (
    select
        adj.tenant_id,
        'adjustment' as document_type,
        adj.adjustment_id as document_id,
        0::bigint as line_id,
        adj.invoice_id,
        inv.department_id,
        inv.practitioner_id,
        inv.payer_id,
        inv.patient_id,
        null::bigint as service_id,
        cat.event_type,
        adj.share,
        case cat.event_type when 'recovery' then 'cash' else cat.account end
            as debit_account,
        case cat.event_type when 'recovery' then cat.account else 'receivable' end
            as credit_account,
        inv.source_app,
        null::text as payment_method,
        case when inv.department_id is null then 'unattributed' else 'invoice' end
            as attribution_method,
        adj.currency_code,
        round(adj.amount, cur.exponent) as amount,
        adj.base_rate,
        greatest(adj.adjustment_date, inv.invoice_date) as business_date,
        adj.void_date,
        adj.recorded_at,
        adj.voided_at
    from adjustments as adj
    inner join invoices as inv
        on
            adj.tenant_id = inv.tenant_id
            and adj.invoice_id = inv.invoice_id
            and adj.currency_code = inv.currency_code
    inner join currencies as cur on adj.currency_code = cur.currency_code
    inner join adjustment_categories as cat on adj.category = cat.category
    where
        adj.status = 'approved'
        and {{ is_kept('adj') }}
),

posted_adjustments as (
    {{ postings('approved_adjustments') }}
)

select * from posted_adjustments
