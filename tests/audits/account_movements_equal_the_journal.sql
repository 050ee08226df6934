{# A11: the rollup that balances are read from holds every posting once #}
with postings as (
    select * from {{ changed('fct_postings', ['tenant_id', 'business_date']) }}
),

account_movements as (
    select * from {{ changed('account_movements_daily', feed='fct_postings') }}
),

posted_sums as (
    select
        tenant_id,
        debit_account,
        credit_account,
        currency_code,
        sum(amount) as amount
    from postings
    group by tenant_id, debit_account, credit_account, currency_code
),

measures as (
    select
        pos.tenant_id,
        leg.account,
        pos.currency_code,
        leg.debit_amount,
        leg.credit_amount
    from posted_sums as pos
    cross join
        lateral (
            values
            (pos.debit_account, pos.amount, 0),
            (pos.credit_account, 0, pos.amount)
        ) as leg (account, debit_amount, credit_amount)
    union all
    select
        tenant_id,
        account,
        currency_code,
        -debit_amount as debit_amount,
        -credit_amount as credit_amount
    from account_movements
),

differing_accounts as (
    select
        tenant_id,
        account,
        currency_code,
        sum(debit_amount) as debit_difference,
        sum(credit_amount) as credit_difference
    from measures
    group by tenant_id, account, currency_code
    having sum(debit_amount) <> 0 or sum(credit_amount) <> 0
)

select * from differing_accounts
