{# R: every day, in every currency, debits equal credits #}
with account_movements as (
    select * from {{ changed('account_movements_daily') }}
),

unbalanced_days as (
    select
        tenant_id,
        currency_code,
        business_date,
        sum(debit_amount - credit_amount) as difference,
        sum(debit_base_amount - credit_base_amount) as base_difference
    from account_movements
    group by tenant_id, currency_code, business_date
    having
        sum(debit_amount - credit_amount) <> 0
        or sum(debit_base_amount - credit_base_amount) <> 0
)

select * from unbalanced_days
