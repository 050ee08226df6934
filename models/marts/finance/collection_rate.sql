{# grain: one row per tenant, period, first day of it and currency #}
with revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

periods as (
    select
        day.tenant_id,
        per.period,
        day.currency_code,
        sum(day.gross_charge_amount)::numeric(18, 4) as gross_charge_amount,
        sum(day.contractual_adjustment_amount)::numeric(18, 4)
            as contractual_adjustment_amount,
        sum(day.collection_amount)::numeric(18, 4) as collection_amount,
        sum(day.refund_amount)::numeric(18, 4) as refund_amount,
        date_trunc(per.period, day.business_date)::date as business_date
    from revenue_point_days as day
    cross join unnest(array['day', 'week', 'month']) as per (period)
    group by
        day.tenant_id,
        per.period,
        date_trunc(per.period, day.business_date),
        day.currency_code
),

rates as (
    select
        tenant_id,
        period,
        currency_code,
        gross_charge_amount,
        contractual_adjustment_amount,
        (gross_charge_amount - contractual_adjustment_amount)::numeric(18, 4)
            as collectable_amount,
        collection_amount,
        refund_amount,
        (collection_amount - refund_amount)::numeric(18, 4) as net_collection_amount,
        (
            (collection_amount - refund_amount) * 100
            / nullif(gross_charge_amount - contractual_adjustment_amount, 0)
        )::numeric(30, 2) as net_collection_percent,
        (collection_amount * 100 / nullif(gross_charge_amount, 0))::numeric(30, 2)
            as gross_collection_percent,
        business_date
    from periods
    where
        gross_charge_amount <> 0
        or contractual_adjustment_amount <> 0
        or collection_amount <> 0
        or refund_amount <> 0
)

select * from rates
