{# grain: one row per tenant, as-of date, share, debtor and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

movements as (
    select * from {{ ref('unapplied_credit_movements_daily') }}
),

unapplied_credits as (
    select
        day.tenant_id,
        mov.debtor_id,
        mov.share,
        mov.currency_code,
        sum(mov.amount)::numeric(18, 4) as unapplied_credit_amount,
        sum(mov.base_amount)::numeric(18, 4) as unapplied_credit_base_amount,
        day.as_of_date
    from days as day
    inner join movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.business_date
    group by
        day.tenant_id, day.as_of_date, mov.debtor_id, mov.share, mov.currency_code
),

held_credits as (
    select *
    from unapplied_credits
    where unapplied_credit_amount <> 0 or unapplied_credit_base_amount <> 0
)

select * from held_credits
