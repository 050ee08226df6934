{# grain: one row per tenant, as-of date and invoice issued by then #}
with days as (
    select * from {{ ref('reporting_days') }}
),

issued_invoices as (
    select * from {{ ref('fct_invoices') }}
),

invoices as (
    select * from {{ ref('fct_invoices') }}
),

open_receivables as (
    select * from {{ ref('open_receivables') }}
),

-- settled invoices have no open receivable: each stands here once with nothing
measures as (
    select
        day.tenant_id,
        inv.invoice_id,
        inv.currency_code,
        0 as patient_open_amount,
        0 as payer_open_amount,
        0 as open_base_amount,
        day.as_of_date
    from days as day
    inner join issued_invoices as inv
        on
            day.tenant_id = inv.tenant_id
            and day.as_of_date >= inv.invoice_date
    union all
    select
        tenant_id,
        invoice_id,
        currency_code,
        case share when 'patient' then outstanding_amount else 0 end
            as patient_open_amount,
        case share when 'payer' then outstanding_amount else 0 end
            as payer_open_amount,
        outstanding_base_amount as open_base_amount,
        as_of_date
    from open_receivables
    where invoice_id is not null
),

balances as (
    select
        tenant_id,
        invoice_id,
        currency_code,
        sum(patient_open_amount) as patient_open_amount,
        sum(payer_open_amount) as payer_open_amount,
        sum(open_base_amount) as open_base_amount,
        as_of_date
    from measures
    group by tenant_id, as_of_date, invoice_id, currency_code
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
