{# grain: one row per tenant, month, revenue point and currency with a target #}
with revenue_targets as (
    select * from {{ ref('stg_almoner__revenue_targets') }}
),

targets_in_force as (
    select
        tenant_id,
        revenue_point_code,
        currency_code,
        amount::numeric(18, 4) as target_amount,
        month_start_date
    from revenue_targets
    where amount is not null
)

select * from targets_in_force
