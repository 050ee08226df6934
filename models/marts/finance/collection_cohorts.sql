{# grain: one row per tenant, month of issue, months since and currency #}
with movements as (
    select * from {{ ref('cohort_movements_daily') }}
),

periods as (
    select * from {{ ref('reporting_periods') }}
),

-- what was charged for the invoices of a month, and what settled them, by the month it moved
monthly_movements as (
    select
        tenant_id,
        currency_code,
        sum(billed_amount) as billed_amount,
        sum(collected_amount) as collected_amount,
        sum(adjusted_amount) as adjusted_amount,
        date_trunc('month', business_date)::date as moved_month,
        month_start_date
    from movements
    group by
        tenant_id,
        month_start_date,
        currency_code,
        date_trunc('month', business_date)::date
),

-- every month from the issue to the last data, those in which nothing moved too
cohorts as (
    select
        tenant_id,
        currency_code,
        max(moved_month) as last_moved_month,
        month_start_date
    from monthly_movements
    group by tenant_id, month_start_date, currency_code
),

cohort_months as (
    select
        coh.tenant_id,
        coh.currency_code,
        (row_number() over since_issue - 1)::int as months_since_issue,
        num.moved_month::date as moved_month,
        coh.month_start_date
    from cohorts as coh
    inner join periods as per on coh.tenant_id = per.tenant_id
    cross join
        lateral generate_series(
            coh.month_start_date::timestamp,
            greatest(
                coh.last_moved_month, date_trunc('month', per.last_data_date)::date
            )::timestamp,
            interval '1 month'
        ) as num (moved_month)
    window since_issue as (
        partition by coh.tenant_id, coh.month_start_date, coh.currency_code
        order by num.moved_month
    )
),

collected_months as (
    select
        mon.tenant_id,
        mon.currency_code,
        mon.months_since_issue,
        sum(coalesce(mov.billed_amount, 0)) over so_far as billed_amount,
        sum(coalesce(mov.adjusted_amount, 0)) over so_far as adjusted_amount,
        coalesce(mov.collected_amount, 0) as month_collected_amount,
        sum(coalesce(mov.collected_amount, 0)) over so_far as collected_amount,
        mon.moved_month,
        mon.month_start_date
    from cohort_months as mon
    left join monthly_movements as mov
        on
            mon.tenant_id = mov.tenant_id
            and mon.month_start_date = mov.month_start_date
            and mon.currency_code = mov.currency_code
            and mon.moved_month = mov.moved_month
    window so_far as (
        partition by mon.tenant_id, mon.month_start_date, mon.currency_code
        order by mon.moved_month
    )
),

rates as (
    select
        tenant_id,
        months_since_issue,
        currency_code,
        billed_amount::numeric(18, 4) as billed_amount,
        adjusted_amount::numeric(18, 4) as adjusted_amount,
        month_collected_amount::numeric(18, 4) as month_collected_amount,
        collected_amount::numeric(18, 4) as collected_amount,
        (billed_amount - adjusted_amount - collected_amount)::numeric(18, 4)
            as open_amount,
        (collected_amount * 100 / nullif(billed_amount, 0))::numeric(30, 2)
            as collected_percent,
        moved_month as until_month_start_date,
        month_start_date
    from collected_months
)

select * from rates
