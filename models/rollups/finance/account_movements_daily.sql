{# grain: one row per tenant, business date, account, ledger account and currency #}
with postings as (
    select * from {{ ref('fct_postings') }}
),

-- few combinations of accounts remain of a day before each is split into its two legs
posted_sums as (
    select
        tenant_id,
        debit_account,
        credit_account,
        coalesce(debit_ledger_account, '') as debit_ledger_account,
        coalesce(credit_ledger_account, '') as credit_ledger_account,
        currency_code,
        sum(amount) as amount,
        sum(base_amount) as base_amount,
        business_date
    from postings
    group by
        tenant_id,
        business_date,
        debit_account,
        credit_account,
        coalesce(debit_ledger_account, ''),
        coalesce(credit_ledger_account, ''),
        currency_code
),

legs as (
    select
        pos.tenant_id,
        case when leg.is_debit then pos.debit_account else pos.credit_account end
            as account,
        case
            when leg.is_debit then pos.debit_ledger_account
            else pos.credit_ledger_account
        end as ledger_account,
        pos.currency_code,
        case when leg.is_debit then pos.amount else 0 end as debit_amount,
        case when leg.is_debit then 0 else pos.amount end as credit_amount,
        case when leg.is_debit then pos.base_amount else 0 end as debit_base_amount,
        case when leg.is_debit then 0 else pos.base_amount end as credit_base_amount,
        pos.business_date
    from posted_sums as pos
    cross join unnest(array[true, false]) as leg (is_debit)
),

account_movements as (
    select
        tenant_id,
        account,
        ledger_account,
        currency_code,
        sum(debit_amount)::numeric(18, 4) as debit_amount,
        sum(credit_amount)::numeric(18, 4) as credit_amount,
        sum(debit_base_amount)::numeric(18, 4) as debit_base_amount,
        sum(credit_base_amount)::numeric(18, 4) as credit_base_amount,
        business_date
    from legs
    group by tenant_id, business_date, account, ledger_account, currency_code
)

select * from account_movements
