{# grain: one row per tenant and invoice whose total is not what its lines charge #}
with invoices as (
    select * from {{ ref('fct_invoices') }}
),

charges as (
    select * from {{ ref('invoice_charges') }}
),

charged_invoices as (
    select
        tenant_id,
        invoice_id,
        sum(billed_amount) as charged_amount
    from charges
    group by tenant_id, invoice_id
),

-- an invoice without lines charges nothing; what is void is owed by nobody
differences as (
    select
        inv.tenant_id,
        inv.invoice_id,
        inv.invoice_number,
        inv.patient_id,
        inv.payer_id,
        inv.department_id,
        inv.revenue_point_code,
        inv.currency_code,
        inv.total_amount as stated_amount,
        coalesce(chg.charged_amount, 0)::numeric(18, 4) as charged_amount,
        (coalesce(chg.charged_amount, 0) - inv.total_amount)::numeric(18, 4)
            as difference_amount,
        inv.invoice_date
    from invoices as inv
    left join charged_invoices as chg
        on inv.tenant_id = chg.tenant_id and inv.invoice_id = chg.invoice_id
    where
        inv.void_date is null
        and inv.total_amount <> coalesce(chg.charged_amount, 0)
)

select * from differences
