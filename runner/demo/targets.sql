-- Revenue to have in each month that the days touch, of every hospital that bills in its
-- own currency: an average day's lines, for all days of the month, and 3 %% more. What
-- an application of its own bills belongs to the revenue point of that name (V14).

with billed_lines as (
    select
        inv.hospital_id,
        inv.currency_code,
        inv.source_app,
        itm.quantity * itm.unit_price - itm.discount_amount as amount
    from hms.invoice_items as itm
    inner join hms.invoices as inv on inv.id = itm.invoice_id
    inner join hms.hospitals as hos
        on hos.id = inv.hospital_id and hos.currency_code = inv.currency_code
    where inv.status in ('issued', 'partially_paid', 'paid')
),

revenue as (
    select
        lin.hospital_id,
        lin.currency_code,
        coalesce(lin.source_app, 'all') as revenue_point,
        sum(lin.amount) as amount
    from billed_lines as lin
    -- a spoilt amount would spoil the sum; NaN is more than infinity
    where lin.amount >= 0 and lin.amount < 'Infinity'
    group by
        grouping sets (
            (lin.hospital_id, lin.currency_code),
            (lin.hospital_id, lin.currency_code, lin.source_app)
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
