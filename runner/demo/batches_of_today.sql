-- Today's products come from the fullest batch in the pharmacy, or from one bought this
-- morning.

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
    run.last_date as period,
    null::timestamptz as voids_at
from demo.items as itm
inner join demo.bills as bil on bil.id = itm.invoice_id
cross join demo.run
where itm.choice = 'product' and itm.billed_at < bil.until;

create unlogged table demo.batch_plan as
with needs as (
    select
        con.hospital_id,
        con.product_id,
        con.period,
        sum(con.quantity) as needed_quantity,
        min(con.billed_at) as first_at
    from demo.consumption as con
    group by con.hospital_id, con.product_id, con.period
),

on_hand as (
    select
        led.product_id,
        led.batch_id,
        sum(led.quantity) as quantity
    from hms.inventory_ledger as led
    where led.location_id % 6 = 2
    group by led.product_id, led.batch_id
),

fullest as (
    select distinct on (hnd.product_id)
        hnd.product_id,
        hnd.batch_id,
        hnd.quantity
    from on_hand as hnd
    inner join hms.batches as bat on bat.id = hnd.batch_id
    cross join demo.run
    where bat.expiry_date > run.last_date + 1
    order by hnd.product_id, hnd.quantity desc, hnd.batch_id
)

select
    case
        when ful.quantity >= ned.needed_quantity then ful.batch_id
        else
            (select coalesce(max(bat.id), 0) from hms.batches as bat)
            + row_number() over (order by ned.product_id)
    end as batch_id,
    ned.hospital_id,
    ned.product_id,
    ned.period,
    ned.needed_quantity,
    ned.product_id * 1000000 + (ned.period - date '2000-01-01') as key,
    coalesce(ful.quantity < ned.needed_quantity, true) as is_new,
    ned.needed_quantity * 12 as transfer_quantity,
    ned.needed_quantity * 20 as receipt_quantity,
    ned.first_at - interval '2 hours' as received_at,
    ned.first_at - interval '1 hour' as transferred_at,
    ned.period + 200 as expiry_date
from needs as ned
left join fullest as ful on ful.product_id = ned.product_id;

analyze demo.batch_plan;
