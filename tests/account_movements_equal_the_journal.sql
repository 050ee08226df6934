{# A11: the rollup that balances are read from holds every posting once #}
{{ config(tags=['deep']) }}
with postings as (
    select * from {{ ref('fct_postings') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

measures as (
    select
        tenant_id,
        debit_account as account,
        currency_code,
        amount as debit_amount,
        0 as credit_amount
    from postings
    union all
    select
        tenant_id,
        credit_account as account,
        currency_code,
        0 as debit_amount,
        amount as credit_amount
    from postings
    union all
    select
        tenant_id,
        account,
        currency_code,
        -debit_amount,
        -credit_amount
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
