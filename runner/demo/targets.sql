-- Revenue to have in each month that the days touch, of every hospital that bills in its
-- own currency: an average day's bills, for all days of the month, and 3 %% more. What
-- an application of its own bills belongs to the revenue point of that name (V14).

with bills as (
    select
        inv.hospital_id,
        inv.currency_code,
        inv.source_app,
        inv.subtotal_amount - inv.discount_amount as amount
    from hms.invoices as inv
    inner join hms.hospitals as hos
        on hos.id = inv.hospital_id and hos.currency_code = inv.currency_code
    where inv.status in ('issued', 'partially_paid', 'paid')
),

revenue as (
    select
        bil.hospital_id,
        bil.currency_code,
        coalesce(bil.source_app, 'all') as revenue_point,
        sum(bil.amount) as amount
    from bills as bil
    -- a spoilt amount would spoil the sum; NaN is more than infinity
    where bil.amount >= 0 and bil.amount < 'Infinity'
    group by
        grouping sets (
            (bil.hospital_id, bil.currency_code),
            (bil.hospital_id, bil.currency_code, bil.source_app)
        )
)

select
    rev.hospital_id,
    mon.month::date as month,
    rev.revenue_point,
    rev.currency_code,
    100 * ceil(
        rev.amount
        / %(days)s
        * extract(day from mon.month + interval '1 month' - interval '1 day')
        * 1.03
        / 100
    ) as amount
from revenue as rev
cross join generate_series(
    date_trunc('month', %(first)s::timestamp), %(last)s::timestamp, interval '1 month'
) as mon (month)
where rev.revenue_point = any(%(points)s)
order by rev.hospital_id, month, rev.revenue_point
