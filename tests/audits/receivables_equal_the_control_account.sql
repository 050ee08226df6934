{# A5, A11: on the last day and at the month end before, the ageing buckets, and the debtors,
   sum to the receivable and unapplied credit of the journal, per tenant and currency #}
with periods as (
    select * from {{ in_turn('reporting_periods') }}
),

account_movements as (
    select * from {{ ref('account_movements_daily') }}
),

ar_aging as (
    select * from {{ ref('ar_aging') }}
),

ar_aging_debtors as (
    select * from {{ ref('ar_aging_debtors') }}
),

tested_days as (
    select
        per.tenant_id,
        day.as_of_date
    from periods as per
    inner join lateral (
        values
        (per.last_data_date),
        ((date_trunc('month', per.last_data_date) - interval '1 day')::date)
    ) as day (as_of_date) on true
    where day.as_of_date >= per.first_date
),

measures as (
    select
        day.tenant_id,
        day.as_of_date,
        'ar_aging' as report,
        age.currency_code,
        age.gross_amount,
        age.unapplied_credit_amount
    from tested_days as day
    inner join lateral (
        select
            inn.currency_code,
            inn.gross_amount,
            inn.unapplied_credit_amount
        from ar_aging as inn
        where inn.tenant_id = day.tenant_id and inn.as_of_date = day.as_of_date
        offset 0
    ) as age on true
    union all
    select
        day.tenant_id,
        day.as_of_date,
        'ar_aging_debtors' as report,
        deb.currency_code,
        deb.gross_amount,
        deb.unapplied_credit_amount
    from tested_days as day
    inner join lateral (
        select
            inn.currency_code,
            inn.gross_amount,
            inn.unapplied_credit_amount
        from ar_aging_debtors as inn
        where inn.tenant_id = day.tenant_id and inn.as_of_date = day.as_of_date
        offset 0
    ) as deb on true
    union all
    select
        day.tenant_id,
        day.as_of_date,
        rep.report,
        mov.currency_code,
        case mov.account
            when 'receivable' then mov.credit_amount - mov.debit_amount
            else 0
        end as gross_amount,
        case mov.account
            when 'unapplied_credit' then mov.debit_amount - mov.credit_amount
            else 0
        end as unapplied_credit_amount
    from tested_days as day
    inner join account_movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.business_date
            and mov.account in ('receivable', 'unapplied_credit')
    cross join (values ('ar_aging'), ('ar_aging_debtors')) as rep (report)
),

differing_balances as (
    select
        tenant_id,
        as_of_date,
        report,
        currency_code,
        sum(gross_amount) as gross_difference,
        sum(unapplied_credit_amount) as unapplied_difference
    from measures
    group by tenant_id, as_of_date, report, currency_code
    having sum(gross_amount) <> 0 or sum(unapplied_credit_amount) <> 0
)

select * from differing_balances
