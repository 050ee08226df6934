-- the yardstick: department revenue per day as a plain materialized view would have it
create materialized view plain.department_revenue as
select
    inv.hospital_id,
    (inv.issued_at at time zone hos.time_zone - hos.day_cutoff::interval)::date as business_date,
    coalesce(itm.department_id, inv.department_id, 0) as department_id,
    inv.currency_code,
    count(*) as line_count,
    count(distinct inv.id) as invoice_count,
    sum(itm.quantity * itm.unit_price) as gross_amount,
    sum(itm.discount_amount) as discount_amount
from plain.invoices as inv
inner join hms.hospitals as hos on inv.hospital_id = hos.id
inner join plain.invoice_items as itm on inv.id = itm.invoice_id
where inv.status not in ('draft', 'void')
group by 1, 2, 3, 4;
create unique index on plain.department_revenue (
    hospital_id, business_date, department_id, currency_code
);
