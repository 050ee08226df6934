{# grain: one row per ledger account #}
with accounts as (
    select * from {{ source('gnuhealth', 'account_account') }}
),

types as (
    select * from {{ source('gnuhealth', 'account_account_type') }}
),

debit_types as (
    select * from {{ source('gnuhealth', 'account_account_type') }}
),

credit_types as (
    select * from {{ source('gnuhealth', 'account_account_type') }}
),

parent_types as (
    select * from {{ source('gnuhealth', 'account_account_type') }}
),

part_types as (
    select * from {{ source('gnuhealth', 'account_account_type') }}
),

payment_methods as (
    select * from {{ source('gnuhealth', 'account_invoice_payment_method') }}
),

taxes as (
    select * from {{ source('gnuhealth', 'account_tax') }}
),

described_accounts as (
    select
        acc.tenant_id,
        acc.id as account_id,
        coalesce(nullif(acc.code, ''), acc.name) as ledger_account,
        (
            select min(met.name)
            from payment_methods as met
            where
                met.tenant_id = acc.tenant_id
                and acc.id in (met.debit_account, met.credit_account)
        ) as payment_method,
        typ.receivable or deb.receivable as is_receivable_debit,
        typ.receivable or cre.receivable as is_receivable_credit,
        typ.payable or deb.payable as is_payable_debit,
        typ.payable or cre.payable as is_payable_credit,
        typ.statement = 'income' as is_result,
        typ.revenue as is_revenue,
        typ.stock as is_stock,
        typ.assets as is_asset,
        exists (
            select from taxes as tax
            where
                tax.tenant_id = acc.tenant_id
                and acc.id in (tax.invoice_account, tax.credit_note_account)
        ) as is_tax,
        -- equity is where the result of the year belongs, and what stands beside it
        typ.statement = 'balance' and exists (
            select from part_types as prt
            where
                prt.tenant_id = typ.tenant_id
                and prt.parent in (typ.id, par.id)
                and prt.statement = 'income'
        ) as is_equity
    from accounts as acc
    left join types as typ
        on acc.tenant_id = typ.tenant_id and acc.type = typ.id
    left join parent_types as par
        on
            typ.tenant_id = par.tenant_id
            and typ.parent = par.id
            and par.statement = 'balance'
    left join debit_types as deb
        on acc.tenant_id = deb.tenant_id and acc.debit_type = deb.id
    left join credit_types as cre
        on acc.tenant_id = cre.tenant_id and acc.credit_type = cre.id
),

canonical_accounts as (
    select
        tenant_id,
        account_id,
        ledger_account,
        case
            when is_result and is_revenue then 'revenue'
            when is_result then 'expense'
            when payment_method is not null then 'cash'
            when is_tax then 'tax_payable'
            when is_stock then 'inventory'
            when is_asset then 'other_asset'
            when is_equity then 'equity'
            else 'other_liability'
        end as account,
        case
            when payment_method ~* '\m(card|credit|debit)' then 'card'
            when payment_method ~* '\m(cash|petty)' then 'cash'
            when payment_method ~* '\m(bank|transfer|wire|che)' then 'transfer'
            else lower(payment_method)
        end as payment_method,
        coalesce(is_receivable_debit, false) as is_receivable_debit,
        coalesce(is_receivable_credit, false) as is_receivable_credit,
        coalesce(is_payable_debit, false) as is_payable_debit,
        coalesce(is_payable_credit, false) as is_payable_credit,
        coalesce(is_result, false) as is_result
    from described_accounts
)

select * from canonical_accounts
