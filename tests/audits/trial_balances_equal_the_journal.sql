{# A11: on the last day, opening, debits, credits and closing of every account are those of the
   postings before and in its month, per tenant and currency #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

trial_balance as (
    select * from {{ ref('trial_balance') }}
),

postings as (
    select * from {{ ref('fct_postings') }}
),

-- in both currencies: the one of the document and the tenant's own
moved_amounts as (
    select
        pos.tenant_id,
        pos.debit_account,
        pos.debit_ledger_account,
        pos.credit_account,
        pos.credit_ledger_account,
        pos.currency_code,
        pos.business_date >= date_trunc('month', per.last_data_date) as is_in_month,
        sum(pos.amount) as amount,
        sum(pos.base_amount) as base_amount
    from periods as per
    inner join postings as pos
        on per.tenant_id = pos.tenant_id and per.last_data_date >= pos.business_date
    group by
        pos.tenant_id,
        pos.debit_account,
        pos.debit_ledger_account,
        pos.credit_account,
        pos.credit_ledger_account,
        pos.currency_code,
        pos.business_date >= date_trunc('month', per.last_data_date)
),

legs as (
    select
        mov.tenant_id,
        leg.account,
        coalesce(leg.ledger_account, '') as ledger_account,
        mov.currency_code,
        leg.debit_amount,
        leg.credit_amount,
        leg.debit_base_amount,
        leg.credit_base_amount,
        mov.is_in_month
    from moved_amounts as mov
    cross join
        lateral (
            values
            (
                mov.debit_account, mov.debit_ledger_account,
                mov.amount, 0, mov.base_amount, 0
            ),
            (
                mov.credit_account, mov.credit_ledger_account,
                0, mov.amount, 0, mov.base_amount
            )
        ) as leg (
            account, ledger_account,
            debit_amount, credit_amount, debit_base_amount, credit_base_amount
        )
),

measures as (
    select
        per.tenant_id,
        bal.account,
        bal.ledger_account,
        bal.currency_code,
        bal.opening_amount,
        bal.debit_amount,
        bal.credit_amount,
        bal.closing_amount,
        bal.opening_base_amount,
        bal.closing_base_amount
    from periods as per
    inner join lateral (
        select inn.*
        from trial_balance as inn
        where inn.tenant_id = per.tenant_id and inn.as_of_date = per.last_data_date
        offset 0
    ) as bal on true
    union all
    select
        tenant_id,
        account,
        ledger_account,
        currency_code,
        case when is_in_month then 0 else credit_amount - debit_amount end
            as opening_amount,
        case when is_in_month then -debit_amount else 0 end as debit_amount,
        case when is_in_month then -credit_amount else 0 end as credit_amount,
        credit_amount - debit_amount as closing_amount,
        case when is_in_month then 0 else credit_base_amount - debit_base_amount end
            as opening_base_amount,
        credit_base_amount - debit_base_amount as closing_base_amount
    from legs
),

differing_accounts as (
    select
        tenant_id,
        account,
        ledger_account,
        currency_code,
        sum(opening_amount) as opening_difference,
        sum(debit_amount) as debit_difference,
        sum(credit_amount) as credit_difference,
        sum(closing_amount) as closing_difference,
        sum(opening_base_amount) as opening_base_difference,
        sum(closing_base_amount) as closing_base_difference
    from measures
    group by tenant_id, account, ledger_account, currency_code
    having
        sum(opening_amount) <> 0
        or sum(debit_amount) <> 0
        or sum(credit_amount) <> 0
        or sum(closing_amount) <> 0
        or sum(opening_base_amount) <> 0
        or sum(closing_base_amount) <> 0
)

select * from differing_accounts
