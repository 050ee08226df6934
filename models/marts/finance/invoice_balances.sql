{# grain: one row per tenant, as-of date and invoice issued by then #}
with days as (
    select * from {{ ref('reporting_days') }}
),

open_days as (
    select * from {{ ref('reporting_days') }}
),

issued_invoices as (
    select * from {{ ref('fct_invoices') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

receivables as (
    select * from {{ ref('receivable_balances') }}
),

-- settled invoices have no open receivable: each issued one stands here with nothing, which no
-- sum has to add
measures as (
    select
        day.tenant_id,
        inv.invoice_id,
        inv.currency_code,
        null::numeric as patient_open_amount,
        null::numeric as payer_open_amount,
        null::numeric as open_base_amount,
        day.as_of_date
    from days as day
    inner join issued_invoices as inv
        on
            day.tenant_id = inv.tenant_id
            and day.as_of_date >= inv.invoice_date
    union all
    select
        day.tenant_id,
        rec.invoice_id,
        rec.currency_code,
        case rec.share when 'patient' then rec.outstanding_amount end
            as patient_open_amount,
        case rec.share when 'payer' then rec.outstanding_amount end
            as payer_open_amount,
        rec.outstanding_base_amount as open_base_amount,
        day.as_of_date
    from open_days as day
    inner join receivables as rec
        on
            day.tenant_id = rec.tenant_id
            and day.as_of_date >= rec.valid_from
            and day.as_of_date < rec.valid_to
    where rec.invoice_id is not null
),

-- by the invoice first, which sorts faster than texts do
balances as (
    select
        tenant_id,
        invoice_id,
        currency_code,
        coalesce(sum(patient_open_amount), 0) as patient_open_amount,
        coalesce(sum(payer_open_amount), 0) as payer_open_amount,
        coalesce(sum(open_base_amount), 0) as open_base_amount,
        as_of_date
    from measures
    group by invoice_id, currency_code, as_of_date, tenant_id
),

labelled_balances as (
    select
        bal.tenant_id,
        bal.invoice_id,
        inv.patient_id,
        inv.payer_id,
        inv.department_id,
        inv.invoice_number,
        inv.revenue_point_code,
        bal.currency_code,
        inv.due_date_rule,
        inv.total_amount,
        inv.tax_amount,
        bal.patient_open_amount::numeric(18, 4) as patient_open_amount,
        bal.payer_open_amount::numeric(18, 4) as payer_open_amount,
        (bal.patient_open_amount + bal.payer_open_amount)::numeric(18, 4)
            as open_amount,
        bal.open_base_amount::numeric(18, 4) as open_base_amount,
        coalesce(inv.void_date <= bal.as_of_date, false) as is_void,
        bal.as_of_date,
        inv.invoice_date,
        inv.due_date
    from balances as bal
    inner join invoices as inv
        on bal.tenant_id = inv.tenant_id and bal.invoice_id = inv.invoice_id
)

select * from labelled_balances
