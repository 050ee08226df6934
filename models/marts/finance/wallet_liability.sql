{# grain: one row per tenant, as-of date, patient and currency #}
with days as (
    select * from {{ ref('reporting_days') }}
),

movements as (
    select * from {{ ref('wallet_movements_daily') }}
),

-- the month up to the day: opening, its movements, closing
balances as (
    select
        day.tenant_id,
        mov.patient_id,
        mov.currency_code,
        sum(mov.amount) filter (where mov.business_date < day.month_start_date)
            as opening_amount,
        sum(mov.top_up_amount) filter (where mov.business_date >= day.month_start_date)
            as top_up_amount,
        sum(mov.refund_amount) filter (where mov.business_date >= day.month_start_date)
            as refund_amount,
        sum(mov.use_amount) filter (where mov.business_date >= day.month_start_date)
            as use_amount,
        sum(mov.unbilled_use_amount) filter (
            where mov.business_date >= day.month_start_date
        )
            as unbilled_use_amount,
        sum(mov.withdrawal_amount) filter (
            where mov.business_date >= day.month_start_date
        )
            as withdrawal_amount,
        sum(mov.other_amount) filter (where mov.business_date >= day.month_start_date)
            as other_amount,
        sum(mov.amount) as closing_amount,
        sum(mov.base_amount) as closing_base_amount,
        day.month_start_date,
        max(mov.business_date) as last_movement_date,
        day.as_of_date
    from days as day
    inner join movements as mov
        on
            day.tenant_id = mov.tenant_id
            and day.as_of_date >= mov.business_date
    group by
        day.tenant_id,
        day.as_of_date,
        day.month_start_date,
        mov.patient_id,
        mov.currency_code
),

wallet_liability as (
    select
        tenant_id,
        patient_id,
        currency_code,
        coalesce(opening_amount, 0)::numeric(18, 4) as opening_amount,
        coalesce(top_up_amount, 0)::numeric(18, 4) as top_up_amount,
        coalesce(refund_amount, 0)::numeric(18, 4) as refund_amount,
        coalesce(use_amount, 0)::numeric(18, 4) as use_amount,
        coalesce(unbilled_use_amount, 0)::numeric(18, 4) as unbilled_use_amount,
        coalesce(withdrawal_amount, 0)::numeric(18, 4) as withdrawal_amount,
        coalesce(other_amount, 0)::numeric(18, 4) as other_amount,
        closing_amount::numeric(18, 4) as closing_amount,
        closing_base_amount::numeric(18, 4) as closing_base_amount,
        closing_amount < 0 as is_overdrawn,
        month_start_date as period_start_date,
        last_movement_date,
        as_of_date
    from balances
    where
        closing_amount <> 0
        or closing_base_amount <> 0
        or last_movement_date >= month_start_date
)

select * from wallet_liability
