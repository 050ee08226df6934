{# grain: one row per invoice that was not issued by the day of the discharge #}
with discharges as (
    select * from {{ from_systems('discharges') }}
),

invoices as (
    select * from {{ from_systems('invoices', beside='discharges') }}
),

invoice_lines as (
    select * from {{ from_systems('invoice_lines', beside='discharges') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

late_invoices as (
    select
        dis.tenant_id,
        dis.invoice_id,
        inv.department_id,
        inv.currency_code,
        dis.discharge_date,
        case when inv.is_posted then inv.invoice_date end as invoice_date
    from discharges as dis
    inner join invoices as inv
        on dis.tenant_id = inv.tenant_id and dis.invoice_id = inv.invoice_id
    where
        {{ is_kept('inv') }}
        and case
            when inv.is_posted then inv.invoice_date > dis.discharge_date
            else true
        end
),

unbilled_charges as (
    select
        inv.tenant_id,
        inv.invoice_id,
        inv.department_id,
        inv.currency_code,
        sum(round(lin.quantity * lin.unit_price, cur.exponent))::numeric(18, 4)
            as gross_charge_amount,
        inv.discharge_date,
        inv.invoice_date
    from late_invoices as inv
    inner join invoice_lines as lin
        on inv.tenant_id = lin.tenant_id and inv.invoice_id = lin.invoice_id
    inner join currencies as cur on inv.currency_code = cur.currency_code
    where {{ is_kept('lin') }}
    group by
        inv.tenant_id,
        inv.invoice_id,
        inv.department_id,
        inv.currency_code,
        inv.discharge_date,
        inv.invoice_date
)

select * from unbilled_charges
