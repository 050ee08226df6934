{# grain: one row per ledger account #}
{#- A plain select, without CTEs: joined to, it is looked up by index. #}
select
    acc.tenant_id,
    acc.id as account_id,
    coalesce(nullif(acc.code, ''), acc.name) as ledger_account,
    case
        when typ.statement = 'income' and typ.revenue then 'revenue'
        when typ.statement = 'income' then 'expense'
        when exists (
                select
                from {{ source('gnuhealth', 'account_invoice_payment_method') }} as met
                where
                    met.tenant_id = acc.tenant_id
                    and acc.id in (met.debit_account, met.credit_account)
            ) then 'cash'
        when exists (
                select from {{ source('gnuhealth', 'account_tax') }} as tax
                where
                    tax.tenant_id = acc.tenant_id
                    and acc.id in (tax.invoice_account, tax.credit_note_account)
            ) then 'tax_payable'
        when typ.stock then 'inventory'
        when typ.assets then 'other_asset'
        -- equity is where the result of the year belongs, and what stands beside it
        when typ.statement = 'balance' and exists (
                select from {{ source('gnuhealth', 'account_account_type') }} as prt
                where
                    prt.tenant_id = typ.tenant_id
                    and prt.parent in (typ.id, par.id)
                    and prt.statement = 'income'
            ) then 'equity'
        else 'other_liability'
    end as account,
    (
        select
            min(
                case
                    when met.name ~* '\m(card|credit|debit)' then 'card'
                    when met.name ~* '\mcash' then 'cash'
                    when met.name ~* '\m(cheque|check)' then 'cheque'
                    when met.name ~* '\mmobile' then 'mobile_money'
                    when met.name ~* '\m(bank|transfer|wire)' then 'transfer'
                    else lower(met.name)
                end
            )
        from {{ source('gnuhealth', 'account_invoice_payment_method') }} as met
        where
            met.tenant_id = acc.tenant_id
            and acc.id in (met.debit_account, met.credit_account)
    ) as payment_method,
    coalesce(typ.statement = 'income', false) as is_result,
    coalesce(typ.receivable or deb.receivable, false) as is_receivable_debit,
    coalesce(typ.receivable or cre.receivable, false) as is_receivable_credit,
    coalesce(typ.payable or deb.payable, false) as is_payable_debit,
    coalesce(typ.payable or cre.payable, false) as is_payable_credit
from {{ source('gnuhealth', 'account_account') }} as acc
left join {{ source('gnuhealth', 'account_account_type') }} as typ
    on acc.tenant_id = typ.tenant_id and acc.type = typ.id
left join {{ source('gnuhealth', 'account_account_type') }} as par
    on
        typ.tenant_id = par.tenant_id
        and typ.parent = par.id
        and par.statement = 'balance'
left join {{ source('gnuhealth', 'account_account_type') }} as deb
    on acc.tenant_id = deb.tenant_id and acc.debit_type = deb.id
left join {{ source('gnuhealth', 'account_account_type') }} as cre
    on acc.tenant_id = cre.tenant_id and acc.credit_type = cre.id
