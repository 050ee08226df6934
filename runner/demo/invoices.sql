-- What is billed: one bill per part of a visit, its items, and who bears which part.

create unlogged table demo.bills as
with bill_kinds as (
    select
        vis.*,
        kin.kind,
        kin.salt,
        vis.key * 8 + kin.salt as bill_key
    from demo.new_visits as vis
    cross join
        lateral (
            values
            (
                case vis.visit_type
                    when 'inpatient' then 'inpatient' when
                        'emergency'
                        then 'emergency'
                    else 'opd'
                end,
                1,
                1.0
            ),
            ('laboratory', 2, 0.20),
            ('imaging', 3, 0.06),
            ('pharmacy', 4, 0.26),
            ('theatre', 5, 0.012),
            -- a walk-in at the pharmacy's counter, who is nobody's patient
            ('walk_in', 6, 0.02)
        ) as kin (kind, salt, probability)
    where
        vis.status in ('completed', 'in_consultation')
        and demo.roll(vis.key, 60 + kin.salt) < kin.probability
),

billed as (
    select
        bil.hospital_id,
        bil.kind,
        bil.bill_key,
        ten.exponent as tenant_exponent,
        ten.until,
        ten.time_zone,
        case when bil.kind <> 'walk_in' then bil.id end as visit_id,
        case when bil.kind <> 'walk_in' then bil.patient_id end as patient_id,
        bil.department_id as visit_department_id,
        bil.doctor_id,
        pol.payer_id,
        coalesce(pol.cover_rate, 0) as cover_rate,
        case
            when bil.kind = 'inpatient' then bil.leaves_at
            else least(
                    bil.entered_at + demo.hours(bil.bill_key, 70, 0.2, 2),
                    bil.leaves_at + interval '2 hours'
                )
        end as billed_at,
        greatest(
            1, ceil(extract(epoch from bil.leaves_at - bil.entered_at) / 86400)
        )::integer as stay_days,
        -- the embassy pays in dollars
        coalesce(pol.payer_id % 5 = 4 and ten.currency_code <> 'USD', false)
            as is_foreign,
        ten.currency_code as tenant_currency,
        case bil.kind
            when 'opd' then demo.pick(bil.bill_key, 71, 2, 4)
            when 'emergency' then demo.pick(bil.bill_key, 71, 3, 6)
            when 'laboratory' then demo.pick(bil.bill_key, 71, 2, 5)
            when 'imaging' then demo.pick(bil.bill_key, 71, 1, 2)
            when 'theatre' then demo.pick(bil.bill_key, 71, 3, 6)
            when 'inpatient' then demo.pick(bil.bill_key, 71, 6, 14)
            else demo.pick(bil.bill_key, 71, 2, 4)
        end as items
    from bill_kinds as bil
    inner join demo.tenants as ten on ten.hospital_id = bil.hospital_id
    left join demo.policies as pol
        on pol.patient_id = bil.patient_id
            and bil.kind <> 'walk_in'
            and demo.roll(bil.key, 59) < 0.85
),

outcomes as (
    select
        bil.*,
        case when bil.is_foreign then 'USD' else bil.tenant_currency end
            as currency_code,
        case when bil.is_foreign then 605.5 else 1 end as exchange_rate,
        case when bil.is_foreign then 2 else bil.tenant_exponent end as exponent,
        bil.billed_at < bil.until and demo.roll(bil.bill_key, 72) >= 0.006 as is_issued,
        case
            when bil.kind = 'walk_in' then 'at_once'
            when demo.roll(bil.bill_key, 73) < 0.012 then 'void'
            when bil.kind in ('inpatient', 'theatre')
                and bil.payer_id is null
                and demo.roll(bil.bill_key, 74) < 0.35
                then 'instalments'
            when
                not bil.is_foreign and demo.roll(bil.bill_key, 74) between 0.35 and 0.43
                then 'wallet'
            when demo.roll(bil.bill_key, 74) > 0.97 then 'unpaid'
            when demo.roll(bil.bill_key, 74) > 0.92 then 'late'
            when demo.roll(bil.bill_key, 74) > 0.86 then 'partial'
            when demo.roll(bil.bill_key, 74) > 0.85 then 'on_account'
            when demo.roll(bil.bill_key, 74) > 0.845 then 'overpaid'
            else 'at_once'
        end as outcome
    from billed as bil
)

select
    base.invoices + row_number() over chronological as id,
    base.items
    + sum(out.items) over (chronological rows unbounded preceding)
    - out.items as items_before,
    base.orders
    + sum(case when out.kind = 'laboratory' then out.items else 0 end)
        over (
            chronological rows unbounded preceding
        )
    - case when out.kind = 'laboratory' then out.items else 0
    end + 1 as first_order_id,
    base.sales + count(*) filter (where out.kind in ('pharmacy', 'walk_in')) over (
        chronological rows unbounded preceding
    ) as sale_id,
    out.*,
    (out.billed_at at time zone out.time_zone)::date as billed_on,
    case
        when
            out.outcome = 'void'
            then out.billed_at + demo.hours(out.bill_key, 75, 0.5, 120)
    end as voids_at
from outcomes as out
cross join (
    select
        (select coalesce(max(inv.id), 0) from hms.invoices as inv) as invoices,
        (select coalesce(max(itm.id), 0) from hms.invoice_items as itm) as items,
        (select coalesce(max(ord.id), 0) from hms.test_orders as ord) as orders,
        (select coalesce(max(sal.id), 0) from hms.pharmacy_sales as sal) as sales
) as base
window chronological as (order by out.billed_at, out.bill_key);

create unique index on demo.bills (id);
analyze demo.bills;

-- Items choose among the services or products of their kind of bill.
create unlogged table demo.items as
with choices as (
    select
        bil.items_before + num.number as id,
        bil.id as invoice_id,
        bil.hospital_id,
        bil.kind,
        bil.exponent,
        bil.exchange_rate,
        bil.cover_rate,
        bil.visit_department_id,
        bil.doctor_id,
        bil.stay_days,
        bil.billed_at,
        bil.first_order_id + num.number - 1 as order_id,
        bil.bill_key * 16 + num.number as key,
        num.number,
        case
            when bil.kind in ('pharmacy', 'walk_in') then 'product'
            when bil.kind = 'laboratory' then 'test'
            when bil.kind = 'imaging' then 'imaging'
            when bil.kind in ('opd', 'emergency') and num.number = 1 then 'consultation'
            when
                bil.kind = 'opd'
                and num.number = 2
                and demo.roll(bil.bill_key, 80) < 0.2
                then 'registration'
            when bil.kind = 'theatre' and num.number = 1 then 'operation'
            when bil.kind = 'inpatient' and num.number = 1 then 'bed'
            when bil.kind = 'inpatient' and num.number % 3 = 2 then 'product'
            when bil.kind = 'inpatient' and num.number % 3 = 0 then 'test'
            else 'procedure'
        end as choice
    from demo.bills as bil
    cross join lateral generate_series(1, bil.items) as num (number)
),

chosen as (
    select
        cho.*,
        case
            when cho.choice = 'product'
                then (cho.hospital_id - 1) * 40
                    + 1
                    + floor(40 * power(demo.roll(cho.key, 81), 1.6))::bigint
            else (cho.hospital_id - 1) * 60 + case cho.choice
                    when 'consultation' then demo.pick(cho.key, 81, 1, 6)
                    when 'test' then demo.pick(cho.key, 81, 7, 30)
                    when 'imaging' then demo.pick(cho.key, 81, 31, 38)
                    when 'procedure' then demo.pick(cho.key, 81, 39, 46)
                    when 'operation' then demo.pick(cho.key, 81, 47, 54)
                    when 'bed' then demo.pick(cho.key, 81, 55, 57)
                    else 58
                end
        end as item_id,
        case
            when cho.choice = 'product' then demo.pick(cho.key, 82, 1, 12)
            when cho.choice = 'bed' then cho.stay_days
            else 1
        end as quantity
    from choices as cho
),

priced as (
    select
        cho.*,
        round(coalesce(pro.sale_price, srv.price) / cho.exchange_rate, cho.exponent)
            as unit_price,
        coalesce(pro.tax_code, 'EXEMPT') as tax_code,
        coalesce(pro.tax_rate, 0) as tax_rate,
        case
            when
                demo.roll(cho.invoice_id, 83) < 0.06
                then demo.pick(cho.invoice_id, 84, 5, 15) / 100.0
            else 0
        end as discount_rate
    from chosen as cho
    left join
        demo.product_prices as pro
        on cho.choice = 'product' and pro.product_id = cho.item_id
    left join
        demo.service_prices as srv
        on cho.choice <> 'product' and srv.service_id = cho.item_id
),

discounted as (
    select
        pri.*,
        round(pri.quantity * pri.unit_price * pri.discount_rate, pri.exponent)
            as discount_amount
    from priced as pri
),

taxed as (
    select
        dis.*,
        round(
            (dis.quantity * dis.unit_price - dis.discount_amount) * dis.tax_rate / 100,
            dis.exponent
        ) as tax_amount
    from discounted as dis
)

select
    tax.*,
    tax.quantity * tax.unit_price
    - tax.discount_amount
    + tax.tax_amount as total_amount,
    round(
        (tax.quantity * tax.unit_price - tax.discount_amount + tax.tax_amount)
        * tax.cover_rate
        / 100,
        tax.exponent
    ) as payer_amount
from taxed as tax;

analyze demo.items;

create unlogged table demo.totals as
select
    itm.invoice_id,
    sum(itm.quantity * itm.unit_price) as subtotal_amount,
    sum(itm.discount_amount) as discount_amount,
    sum(itm.tax_amount) as tax_amount,
    sum(itm.total_amount) as total_amount,
    sum(itm.payer_amount) as payer_share,
    sum(itm.total_amount) - sum(itm.payer_amount) as patient_share
from demo.items as itm
group by itm.invoice_id;

create unique index on demo.totals (invoice_id);
analyze demo.totals;
