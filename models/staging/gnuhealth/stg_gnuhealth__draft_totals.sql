{# grain: one row per invoice that Tryton keeps no total of #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

invoice_lines as (
    select * from {{ source('gnuhealth', 'account_invoice_line') }}
),

invoice_taxes as (
    select * from {{ source('gnuhealth', 'account_invoice_tax') }}
),

-- float8 quantities become numeric by their shortest text, as in Tryton
line_amounts as (
    select
        inv.tenant_id,
        inv.source_id,
        inv.id as invoice_id,
        cur.digits,
        lin.quantity::text::numeric * lin.unit_price as amount
    from invoices as inv
    inner join currencies as cur
        on inv.source_id = cur.source_id and inv.currency = cur.id
    inner join invoice_lines as lin
        on inv.tenant_id = lin.tenant_id and inv.id = lin.invoice
    where inv.total_amount_cache is null and lin.type = 'line'
),

-- Tryton rounds an exact half to the even digit
line_totals as (
    select
        tenant_id,
        source_id,
        invoice_id,
        sum(
            round(amount, digits) - case
                when abs(amount * 10.0 ^ digits) % 2 = 0.5
                    then sign(amount) / 10.0 ^ digits
                else 0
            end
        ) as net_amount
    from line_amounts
    group by tenant_id, source_id, invoice_id
),

draft_totals as (
    select
        lin.tenant_id,
        lin.invoice_id,
        lin.net_amount,
        (
            select coalesce(sum(tax.amount), 0) from invoice_taxes as tax
            where tax.source_id = lin.source_id and tax.invoice = lin.invoice_id
        ) as tax_amount
    from line_totals as lin
)

select * from draft_totals
