{# grain: one row per tenant, period, compared period, revenue point and currency #}
{%- set measures = {
    'net_revenue_amount': 'numeric(18, 4)', 'collection_amount': 'numeric(18, 4)',
    'refund_amount': 'numeric(18, 4)', 'invoice_count': 'bigint', 'receipt_count': 'bigint'
} %}
with revenue_point_days as (
    select * from {{ ref('revenue_point_daily') }}
),

revenue_points as (
    select * from {{ ref('dim_revenue_points') }}
),

-- kept: it is small, and would be read again for each kind
reported_periods as materialized (
    select * from {{ ref('reporting_periods') }}
),

kinds (period, length) as (
    values
    ('week', interval '1 week'),
    ('month', interval '1 month'),
    ('quarter', interval '3 months'),
    ('year', interval '1 year')
),

periods as (
    select
        rep.tenant_id,
        kin.period,
        sta.start_at::date as start_date,
        (sta.start_at + kin.length)::date - 1 as end_date,
        sta.start_at >= rep.first_date
        and sta.start_at + kin.length <= rep.last_data_date + 1 as is_complete
    from reported_periods as rep
    cross join kinds as kin
    cross join
        lateral generate_series(
            date_trunc(kin.period, rep.first_date::timestamp),
            rep.last_data_date,
            kin.length
        ) as sta (start_at)
),

period_sums as (
    select
        day.tenant_id,
        kin.period,
        day.revenue_point_code,
        day.currency_code,
        {%- for measure in measures %}
            sum(day.{{ measure }}) as {{ measure }},
        {%- endfor %}
        date_trunc(kin.period, day.business_date::timestamp)::date as start_date
    from revenue_point_days as day
    cross join kinds as kin
    group by
        day.tenant_id,
        kin.period,
        day.revenue_point_code,
        day.currency_code,
        date_trunc(kin.period, day.business_date::timestamp)
),

-- every member of the one or the other period
both_sums as (
    select
        thi.tenant_id,
        thi.period,
        sums.revenue_point_code,
        sums.currency_code,
        {%- for measure in measures %}
            coalesce(sum(sums.{{ measure }}) filter (
                where sums.start_date = thi.start_date
            ), 0)::{{ measures[measure] }} as {{ measure }},
            coalesce(sum(sums.{{ measure }}) filter (
                where sums.start_date = oth.start_date
            ), 0)::{{ measures[measure] }} as compared_{{ measure }},
        {%- endfor %}
        thi.is_complete and oth.is_complete as is_complete,
        thi.start_date as period_start_date,
        thi.end_date as period_end_date,
        oth.start_date as compared_start_date,
        oth.end_date as compared_end_date
    from periods as thi
    inner join periods as oth
        on
            thi.tenant_id = oth.tenant_id
            and thi.period = oth.period
            and thi.start_date <> oth.start_date
    inner join period_sums as sums
        on
            thi.tenant_id = sums.tenant_id
            and thi.period = sums.period
            and sums.start_date in (thi.start_date, oth.start_date)
    group by
        thi.tenant_id,
        thi.period,
        sums.revenue_point_code,
        sums.currency_code,
        thi.is_complete and oth.is_complete,
        thi.start_date,
        thi.end_date,
        oth.start_date,
        oth.end_date
),

-- K: growth, with the two periods named
compared_periods as (
    select
        bth.tenant_id,
        bth.period,
        bth.revenue_point_code,
        coalesce(poi.revenue_point_name, 'Unknown revenue point') as revenue_point_name,
        bth.currency_code,
        bth.net_revenue_amount,
        bth.compared_net_revenue_amount,
        (bth.net_revenue_amount - bth.compared_net_revenue_amount)::numeric(18, 4)
            as net_revenue_change_amount,
        (
            (bth.net_revenue_amount - bth.compared_net_revenue_amount)
            * 100 / nullif(bth.compared_net_revenue_amount, 0)
        )::numeric(30, 2) as net_revenue_change_percent,
        bth.collection_amount,
        bth.compared_collection_amount,
        (bth.collection_amount - bth.compared_collection_amount)::numeric(18, 4)
            as collection_change_amount,
        (
            (bth.collection_amount - bth.compared_collection_amount)
            * 100 / nullif(bth.compared_collection_amount, 0)
        )::numeric(30, 2) as collection_change_percent,
        bth.refund_amount,
        bth.compared_refund_amount,
        bth.invoice_count,
        bth.compared_invoice_count,
        bth.receipt_count,
        bth.compared_receipt_count,
        bth.is_complete,
        bth.period_start_date,
        bth.period_end_date,
        bth.compared_start_date,
        bth.compared_end_date
    from both_sums as bth
    left join revenue_points as poi
        on
            bth.tenant_id = poi.tenant_id
            and bth.revenue_point_code = poi.revenue_point_code
)

select * from compared_periods
