{# grain: one row per invoice or credit note #}
{#- A plain select, without CTEs: joined to, it is looked up by index. #}
select
    inv.tenant_id,
    inv.id as invoice_id,
    inv.currency as currency_id,
    inv.party as party_id,
    case
        when inv.type = 'in' then 'supplier_invoice'
        -- of an invoice from before Tryton kept totals, its move has the sign
        when coalesce(
                inv.total_amount_cache,
                (
                    select sum(lin.debit - lin.credit)
                    from {{ source('gnuhealth', 'account_move_line') }} as lin
                    where
                        lin.source_id = inv.source_id
                        and lin.move = inv.move
                        and lin.account = inv.account
                )
            ) < 0 then 'credit_note'
        else 'invoice'
    end as invoice_kind,
    cur.code as currency_code,
    cur.digits,
    -- as Tryton: the last rate of each currency on or before the invoice's date
    case
        when inv.currency = com.currency then 1
        else (
            select rat.rate
            from {{ source('gnuhealth', 'currency_currency_rate') }} as rat
            where
                rat.source_id = inv.source_id
                and rat.currency = inv.currency
                and rat.date <= inv.invoice_date
            order by rat.date desc
            limit 1
        ) / nullif((
            select rat.rate
            from {{ source('gnuhealth', 'currency_currency_rate') }} as rat
            where
                rat.source_id = com.source_id
                and rat.currency = com.currency
                and rat.date <= inv.invoice_date
            order by rat.date desc
            limit 1
        ), 0)
    end as company_rate
from {{ source('gnuhealth', 'account_invoice') }} as inv
inner join {{ source('gnuhealth', 'company_company') }} as com
    on inv.tenant_id = com.tenant_id
left join {{ source('gnuhealth', 'currency_currency') }} as cur
    on inv.source_id = cur.source_id and inv.currency = cur.id
