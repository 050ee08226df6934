{# grain: one row per tenant, as-of date, account, ledger account and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

-- the month up to the day: opening, its movements, closing
balances as (
    select
        day.tenant_id,
        mov.account,
        mov.ledger_account,
        mov.currency_code,
        sum(mov.debit_amount - mov.credit_amount)
        filter (where mov.business_date < day.month_start_date) as opening_amount,
        sum(mov.debit_amount) filter (where mov.business_date >= day.month_start_date)
            as debit_amount,
        sum(mov.credit_amount) filter (where mov.business_date >= day.month_start_date)
            as credit_amount,
        sum(mov.debit_amount - mov.credit_amount) as closing_amount,
        sum(mov.debit_base_amount - mov.credit_base_amount)
        filter (where mov.business_date < day.month_start_date) as opening_base_amount,
        sum(mov.debit_base_amount) filter (
            where mov.business_date >= day.month_start_date
        )
            as debit_base_amount,
        sum(mov.credit_base_amount) filter (
            where mov.business_date >= day.month_start_date
        )
            as credit_base_amount,
        sum(mov.debit_base_amount - mov.credit_base_amount) as closing_base_amount,
        day.month_start_date,
        day.as_of_date
    from days as day
    inner join account_movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.business_date
    group by
        day.tenant_id,
        day.as_of_date,
        day.month_start_date,
        mov.account,
        mov.ledger_account,
        mov.currency_code
),

trial_balance as (
    select
        bal.tenant_id,
        bal.account,
        acc.account_name,
        acc.account_type,
        acc.sort_order,
        bal.ledger_account,
        bal.currency_code,
        coalesce(bal.opening_amount, 0)::numeric(18, 4) as opening_amount,
        coalesce(bal.debit_amount, 0)::numeric(18, 4) as debit_amount,
        coalesce(bal.credit_amount, 0)::numeric(18, 4) as credit_amount,
        bal.closing_amount::numeric(18, 4) as closing_amount,
        coalesce(bal.opening_base_amount, 0)::numeric(18, 4) as opening_base_amount,
        coalesce(bal.debit_base_amount, 0)::numeric(18, 4) as debit_base_amount,
        coalesce(bal.credit_base_amount, 0)::numeric(18, 4) as credit_base_amount,
        bal.closing_base_amount::numeric(18, 4) as closing_base_amount,
        bal.month_start_date as period_start_date,
        bal.as_of_date
    from balances as bal
    inner join accounts as acc
        on bal.tenant_id = acc.tenant_id and bal.account = acc.account
)

select * from trial_balance
