{# grain: one row per invoice or credit note #}
with invoices as (
    select * from {{ source('gnuhealth', 'account_invoice') }}
),

companies as (
    select * from {{ source('gnuhealth', 'company_company') }}
),

currencies as (
    select * from {{ source('gnuhealth', 'currency_currency') }}
),

invoice_rates as (
    select * from {{ source('gnuhealth', 'currency_currency_rate') }}
),

company_rates as (
    select * from {{ source('gnuhealth', 'currency_currency_rate') }}
),

invoice_currencies as (
    select
        inv.tenant_id,
        inv.id as invoice_id,
        inv.currency as currency_id,
        case
            when inv.type = 'in' then 'supplier_invoice'
            when inv.total_amount_cache < 0 then 'credit_note'
            else 'invoice'
        end as invoice_kind,
        cur.code as currency_code,
        cur.digits,
        inv.currency = com.currency as is_company_currency,
        -- as Tryton: the last rate of each currency on or before the invoice's date
        case
            when inv.currency <> com.currency then (
                select rat.rate from invoice_rates as rat
                where
                    rat.source_id = inv.source_id
                    and rat.currency = inv.currency
                    and rat.date <= inv.invoice_date
                order by rat.date desc
                limit 1
            ) / nullif((
                select rat.rate from company_rates as rat
                where
                    rat.source_id = com.source_id
                    and rat.currency = com.currency
                    and rat.date <= inv.invoice_date
                order by rat.date desc
                limit 1
            ), 0)
            else 1
        end as company_rate
    from invoices as inv
    inner join companies as com on inv.tenant_id = com.tenant_id
    left join currencies as cur
        on inv.source_id = cur.source_id and inv.currency = cur.id
)

select * from invoice_currencies
