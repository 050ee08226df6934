{# V4: on the last day, what is owed to wallets is what the postings left on their account, per
   tenant and currency, and each balance is what its movements make of it #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

wallet_liability as (
    select * from {{ ref('wallet_liability') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

measures as (
    select
        per.tenant_id,
        bal.currency_code,
        bal.closing_amount,
        bal.closing_base_amount,
        bal.opening_amount
        + bal.top_up_amount
        + bal.refund_amount
        - bal.use_amount
        - bal.unbilled_use_amount
        - bal.withdrawal_amount
        + bal.other_amount
        - bal.closing_amount as residual
    from periods as per
    inner join lateral (
        select inn.*
        from wallet_liability as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as bal on true
    union all
    select
        per.tenant_id,
        mov.currency_code,
        mov.debit_amount - mov.credit_amount as closing_amount,
        mov.debit_base_amount - mov.credit_base_amount as closing_base_amount,
        0 as residual
    from periods as per
    inner join account_movements as mov
        on
            per.tenant_id = mov.tenant_id
            and per.last_data_date >= mov.business_date
            and mov.account = 'wallet_liability'
),

differing_balances as (
    select
        tenant_id,
        currency_code,
        sum(closing_amount) as closing_difference,
        sum(closing_base_amount) as closing_base_difference,
        count(*) filter (where residual <> 0) as broken_balance_count
    from measures
    group by tenant_id, currency_code
    having
        sum(closing_amount) <> 0
        or sum(closing_base_amount) <> 0
        or count(*) filter (where residual <> 0) > 0
)

select * from differing_balances
