{# grain: one row per tenant, month, revenue point and currency that ever had a target, as set last #}
with target_changes as (
    select * from {{ source('almoner', 'revenue_targets') }}
),

numbered_changes as (
    select
        tenant_id,
        revenue_point_code,
        currency_code,
        amount,
        month_start_date,
        row_number() over (
            partition by tenant_id, month_start_date, revenue_point_code, currency_code
            order by target_id desc
        ) as position
    from target_changes
),

revenue_targets as (
    select
        tenant_id,
        revenue_point_code,
        currency_code,
        amount,
        month_start_date
    from numbered_changes
    where position = 1
)

select * from revenue_targets
