{# A5, S2: each number of days falls into exactly one ageing bucket and one expiry band #}
with ageing_buckets as (
    select * from {{ ref('ageing_buckets') }}
),

expiry_bands as (
    select * from {{ ref('expiry_bands') }}
),

ranges as (
    select
        'ageing_buckets' as seed,
        days_from,
        days_to
    from ageing_buckets
    union all
    select
        'expiry_bands' as seed,
        days_from,
        days_to
    from expiry_bands
),

unclear_days as (
    select
        ran.seed,
        day.number as days,
        count(*) filter (
            where day.number between
            coalesce(ran.days_from, day.number) and coalesce(ran.days_to, day.number)
        ) as range_count
    from ranges as ran
    cross join generate_series(-400, 400) as day (number)
    group by ran.seed, day.number
    having
        count(*) filter (
            where day.number between
            coalesce(ran.days_from, day.number) and coalesce(ran.days_to, day.number)
        ) <> 1
)

select * from unclear_days
