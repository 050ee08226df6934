{# grain: one row per tenant, month, account and currency #}
with account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

account_months as (
    select
        mov.tenant_id,
        mov.account,
        acc.account_name,
        acc.account_type,
        case acc.account_type when 'expense' then 'expense' else 'income' end
            as section,
        acc.sort_order,
        mov.currency_code,
        sum(mov.credit_amount - mov.debit_amount)::numeric(18, 4) as amount,
        sum(mov.credit_base_amount - mov.debit_base_amount)::numeric(18, 4)
            as base_amount,
        date_trunc('month', mov.business_date)::date as month_start_date
    from account_movements as mov
    inner join accounts as acc
        on mov.tenant_id = acc.tenant_id and mov.account = acc.account
    where acc.account_type in ('income', 'contra_revenue', 'expense')
    group by
        mov.tenant_id,
        mov.account,
        acc.account_name,
        acc.account_type,
        acc.sort_order,
        mov.currency_code,
        date_trunc('month', mov.business_date)
),

statement as (
    select
        tenant_id,
        account,
        account_name,
        account_type,
        section,
        sort_order,
        currency_code,
        amount,
        base_amount,
        sum(amount) over running::numeric(18, 4) as running_amount,
        sum(base_amount) over running::numeric(18, 4) as running_base_amount,
        month_start_date
    from account_months
    window
        running as (
            partition by tenant_id, month_start_date, currency_code
            order by sort_order
        )
)

select * from statement
