{# A5: on the last day of data and at the month end before, the trend has in each bucket what
   the ageing has in it #}
with periods as (
    select * from {{ in_turn('reporting_periods', in_changes=false) }}
),

ar_aging as (
    select * from {{ ref('ar_aging') }}
),

ar_aging_trend as (
    select *
    from {{
            at_once(
                ref('ar_aging_trend'),
                in_turn('reporting_periods', in_changes=false)
            )
        }} as trend
),

tested_days as (
    {{ tested_days('periods') }}
),

measures as (
    select
        day.tenant_id,
        day.as_of_date,
        tre.share,
        tre.currency_code,
        tre.bucket_number,
        tre.gross_amount
    from tested_days as day
    inner join ar_aging_trend as tre
        on day.tenant_id = tre.tenant_id and day.as_of_date = tre.as_of_date
    union all
    select
        day.tenant_id,
        day.as_of_date,
        age.share,
        age.currency_code,
        age.bucket_number,
        -age.gross_amount as gross_amount
    from tested_days as day
    inner join lateral (
        select
            inn.share,
            inn.currency_code,
            inn.bucket_number,
            inn.gross_amount
        from ar_aging as inn
        where inn.tenant_id = day.tenant_id and inn.as_of_date = day.as_of_date
        offset 0
    ) as age on true
),

differing_buckets as (
    select
        tenant_id,
        as_of_date,
        share,
        currency_code,
        bucket_number,
        sum(gross_amount) as difference
    from measures
    group by tenant_id, as_of_date, share, currency_code, bucket_number
    having sum(gross_amount) <> 0
)

select * from differing_buckets
