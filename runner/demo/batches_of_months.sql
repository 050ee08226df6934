-- Which batch serves which product in which month, bought before the month begins.

create unlogged table demo.consumption as
select
    itm.id as invoice_item_id,
    itm.invoice_id,
    itm.hospital_id,
    itm.item_id as product_id,
    itm.kind,
    itm.quantity,
    itm.unit_price,
    itm.discount_amount,
    itm.billed_at,
    itm.key,
    date_trunc('month', itm.billed_at at time zone 'UTC')::date as period,
    case when bil.is_issued and bil.voids_at < bil.until then bil.voids_at end
        as voids_at
from demo.items as itm
inner join demo.bills as bil on bil.id = itm.invoice_id
where itm.choice = 'product' and itm.billed_at < bil.until;

analyze demo.consumption;

create unlogged table demo.batch_plan as
with needs as (
    select
        con.hospital_id,
        con.product_id,
        con.period,
        sum(con.quantity) as needed_quantity,
        con.product_id * 1000 + (extract(year from con.period)::integer % 50) * 12
        + extract(month from con.period)::integer as key
    from demo.consumption as con
    group by con.hospital_id, con.product_id, con.period
),

sized as (
    select
        ned.*,
        -- the running month is bought in full
        ned.needed_quantity * case
            when
                ned.period + interval '1 month' > run.last_date
                then 31.0 / extract(day from run.last_date)::integer
            else 1
        end as expected_quantity
    from needs as ned
    cross join demo.run
)

select
    (select coalesce(max(bat.id), 0) from hms.batches as bat)
    + row_number() over (order by siz.period, siz.product_id) as batch_id,
    siz.hospital_id,
    siz.product_id,
    siz.period,
    siz.needed_quantity,
    siz.key,
    true as is_new,
    ceil(siz.expected_quantity * 1.06) as transfer_quantity,
    ceil(siz.expected_quantity * 1.06)
    + 5 * ceil(siz.expected_quantity * 0.1 / 5)
    + 10 as receipt_quantity,
    siz.period::timestamp at time zone 'UTC' - interval '4 days' as received_at,
    siz.period::timestamp at time zone 'UTC' - interval '2 days' as transferred_at,
    siz.period
    + 45
    + floor(680 * power(demo.roll(siz.key, 160), 1.5))::integer as expiry_date
from sized as siz;

analyze demo.batch_plan;
