{# V6: on the last day, what was used without an invoice and not taken back is the balance of
   its account #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

unbilled_uses as (
    select * from {{ ref('unbilled_wallet_use') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

measures as (
    select
        per.tenant_id,
        wal.currency_code,
        wal.amount
    from periods as per
    inner join unbilled_uses as wal
        on
            per.tenant_id = wal.tenant_id
            and per.last_data_date >= wal.business_date
            and coalesce(per.last_data_date < wal.reversal_date, true)
    union all
    select
        per.tenant_id,
        mov.currency_code,
        mov.debit_amount - mov.credit_amount as amount
    from periods as per
    inner join account_movements as mov
        on
            per.tenant_id = mov.tenant_id
            and per.last_data_date >= mov.business_date
            and mov.account = 'unbilled_wallet_use'
),

differing_sums as (
    select
        tenant_id,
        currency_code,
        sum(amount) as difference
    from measures
    group by tenant_id, currency_code
    having sum(amount) <> 0
)

select * from differing_sums
