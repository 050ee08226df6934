-- Goods: batches received and moved to the pharmacy, sold and dispensed, taken back,
-- lost.

insert into hms.batches (
    id, hospital_id, product_id, batch_number, expiry_date, unit_cost, received_at,
    created_at, updated_at
)
select
    pln.batch_id,
    pln.hospital_id,
    pln.product_id,
    'LOT' || upper(substr(md5(pln.key::text), 1, 7)),
    pln.expiry_date,
    round(pro.cost_price * (0.95 + 0.1 * demo.roll(pln.key, 161))::numeric, 4),
    pln.received_at,
    demo.written(pln.received_at),
    demo.written(pln.received_at)
from demo.batch_plan as pln
inner join demo.product_prices as pro on pro.product_id = pln.product_id
where pln.is_new
order by pln.batch_id;

insert into hms.prescriptions (
    id,
    hospital_id,
    visit_id,
    patient_id,
    doctor_id,
    department_id,
    status,
    prescribed_at,
    created_at, updated_at
)
select
    (select coalesce(max(pre.id), 0) from hms.prescriptions as pre)
    + row_number() over (order by bil.id),
    bil.hospital_id,
    bil.visit_id,
    bil.patient_id,
    bil.doctor_id,
    bil.visit_department_id,
    case when bil.voids_at < bil.until then 'cancelled' else 'dispensed' end,
    bil.billed_at - interval '8 minutes',
    demo.written(bil.billed_at - interval '8 minutes'),
    demo.written(bil.billed_at)
from demo.bills as bil
where bil.kind = 'pharmacy';

insert into hms.pharmacy_sales (
    id, hospital_id, number, patient_id, prescription_id, invoice_id, department_id,
    location_id, currency_code, total_amount, status, sold_at, voided_at, sold_by,
    created_at, updated_at
)
select
    bil.sale_id,
    bil.hospital_id,
    'PS' || lpad(bil.sale_id::text, 9, '0'),
    bil.patient_id,
    pre.id,
    bil.id,
    bil.visit_department_id,
    (bil.hospital_id - 1) * 6 + 2,
    bil.currency_code,
    tot.total_amount,
    case when bil.voids_at < bil.until then 'voided' else 'completed' end,
    bil.billed_at,
    case when bil.voids_at < bil.until then bil.voids_at end,
    (bil.hospital_id - 1) * (10 + run.doctors) + demo.pick(bil.bill_key, 162, 6, 8),
    demo.written(bil.billed_at),
    demo.written(bil.billed_at)
from demo.bills as bil
cross join demo.run
inner join demo.totals as tot on tot.invoice_id = bil.id
left join
    hms.prescriptions as pre
    on pre.visit_id = bil.visit_id and bil.kind = 'pharmacy'
where bil.kind in ('pharmacy', 'walk_in') and bil.billed_at < bil.until;

create unlogged table demo.new_sale_items as
select
    (select coalesce(max(itm.id), 0) from hms.pharmacy_sale_items as itm)
    + row_number() over (order by con.invoice_item_id) as id,
    con.*,
    bil.sale_id,
    pln.batch_id,
    bat.unit_cost
from demo.consumption as con
inner join demo.bills as bil on bil.id = con.invoice_id
inner join
    demo.batch_plan as pln
    on pln.product_id = con.product_id and pln.period = con.period
inner join hms.batches as bat on bat.id = pln.batch_id
where con.kind in ('pharmacy', 'walk_in');

create index on demo.new_sale_items (invoice_item_id);
analyze demo.new_sale_items;

insert into hms.pharmacy_sale_items (
    id,
    hospital_id,
    sale_id,
    product_id,
    batch_id,
    quantity,
    unit_price,
    discount_amount,
    unit_cost, created_at, updated_at
)
select
    itm.id,
    itm.hospital_id,
    itm.sale_id,
    itm.product_id,
    itm.batch_id,
    itm.quantity,
    itm.unit_price,
    itm.discount_amount,
    itm.unit_cost,
    demo.written(itm.billed_at),
    demo.written(itm.billed_at)
from demo.new_sale_items as itm;

create unlogged table demo.new_prescription_items as
select
    (select coalesce(max(itm.id), 0) from hms.prescription_items as itm)
    + row_number() over (order by itm.id) as id,
    sal.prescription_id,
    itm.id as sale_item_id,
    itm.hospital_id,
    itm.product_id,
    itm.batch_id,
    itm.quantity,
    itm.billed_at
from demo.new_sale_items as itm
inner join hms.pharmacy_sales as sal on sal.id = itm.sale_id
where sal.prescription_id is not null;

insert into hms.prescription_items (
    id,
    hospital_id,
    prescription_id,
    product_id,
    dose,
    frequency,
    duration_days,
    quantity,
    created_at, updated_at
)
select
    itm.id,
    itm.hospital_id,
    itm.prescription_id,
    itm.product_id,
    '1',
    (array['once a day', 'twice a day', 'three times a day'])[
        demo.pick(itm.id, 163, 1, 3)
    ],
    demo.pick(itm.id, 164, 3, 14),
    itm.quantity,
    demo.written(itm.billed_at),
    demo.written(itm.billed_at)
from demo.new_prescription_items as itm;

insert into hms.dispensing_logs (
    hospital_id, prescription_item_id, sale_item_id, product_id, batch_id, quantity,
    dispensed_by, dispensed_at, created_at, updated_at
)
select
    itm.hospital_id,
    itm.id,
    itm.sale_item_id,
    itm.product_id,
    itm.batch_id,
    itm.quantity,
    (itm.hospital_id - 1) * (10 + run.doctors) + 6,
    itm.billed_at,
    demo.written(itm.billed_at),
    demo.written(itm.billed_at)
from demo.new_prescription_items as itm
cross join demo.run;

-- A pharmacy return goes with the credit note of its item.
create unlogged table demo.new_returns as
select
    (select coalesce(max(ret.id), 0) from hms.pharmacy_returns as ret)
    + row_number() over (order by lin.credit_note_id, itm.id) as id,
    itm.hospital_id,
    itm.sale_id,
    itm.id as sale_item_id,
    itm.product_id,
    itm.batch_id,
    itm.unit_cost,
    lin.credit_note_id,
    greatest(1, floor(itm.quantity * cre.fraction)) as quantity,
    lin.net_amount + lin.tax_amount as refund_amount,
    demo.roll(itm.key, 165) < 0.8 as is_restocked,
    cre.credited_at as returned_at
from demo.credit_lines as lin
inner join demo.new_credits as cre on cre.id = lin.credit_note_id
inner join demo.new_sale_items as itm on itm.invoice_item_id = lin.invoice_item_id
where cre.status = 'issued' and cre.extent <> 'payer' and lin.net_amount > 0;

insert into hms.pharmacy_returns (
    id, hospital_id, sale_id, sale_item_id, credit_note_id, quantity, refund_amount,
    is_restocked, reason, returned_at, created_at, updated_at
)
select
    ret.id,
    ret.hospital_id,
    ret.sale_id,
    ret.sale_item_id,
    ret.credit_note_id,
    ret.quantity,
    ret.refund_amount,
    ret.is_restocked,
    'not needed',
    ret.returned_at,
    demo.written(ret.returned_at),
    demo.written(ret.returned_at)
from demo.new_returns as ret;

create unlogged table demo.leftovers as
with moved as (
    select
        pln.*,
        ten.until,
        run.is_live,
        case
            when demo.roll(pln.key, 166) < 0.1
                and pln.period + interval '40 days' < ten.until
                then least(2, pln.receipt_quantity - pln.transfer_quantity)
            else 0
        end as lost_quantity,
        (pln.expiry_date + 1)::timestamp at time zone ten.time_zone
        + interval '8 hours' as discarded_at
    from demo.batch_plan as pln
    inner join demo.tenants as ten on ten.hospital_id = pln.hospital_id
    cross join demo.run
    where pln.is_new
)

select
    mov.*,
    not mov.is_live
    and mov.discarded_at < mov.until
    and demo.roll(mov.key, 167) < 0.8 as is_discarded
from moved as mov;

insert into hms.inventory_ledger (
    id,
    hospital_id,
    product_id,
    batch_id,
    location_id,
    movement_type,
    quantity,
    unit_cost,
    reference_type, reference_id, moved_at, created_by, created_at, updated_at
)
with movements as (
    select
        lef.hospital_id,
        lef.product_id,
        lef.batch_id,
        leg.location,
        leg.movement_type,
        leg.quantity,
        leg.reference_type,
        lef.batch_id as reference_id,
        leg.moved_at
    from demo.leftovers as lef
    cross join
        lateral (
            values
            (1, 'receipt', lef.receipt_quantity, 'delivery', lef.received_at),
            (1, 'transfer_out', -lef.transfer_quantity, 'transfer', lef.transferred_at),
            (2, 'transfer_in', lef.transfer_quantity, 'transfer', lef.transferred_at),
            (
                1,
                'adjustment',
                -lef.lost_quantity,
                'stock_count',
                lef.period::timestamp at time zone 'UTC' + interval '35 days'
            ),
            (
                1,
                'expiry',
                case
                    when
                        lef.is_discarded
                        then lef.transfer_quantity
                            - lef.receipt_quantity
                            + lef.lost_quantity
                    else 0
                end,
                'disposal',
                lef.discarded_at
            ),
            (
                2,
                'expiry',
                case
                    when
                        lef.is_discarded
                        then lef.needed_quantity - lef.transfer_quantity
                    else 0
                end,
                'disposal',
                lef.discarded_at
            )
        ) as leg (location, movement_type, quantity, reference_type, moved_at)
    where leg.quantity <> 0
    union all
    select
        itm.hospital_id,
        itm.product_id,
        itm.batch_id,
        2,
        leg.movement_type,
        leg.quantity,
        'pharmacy_sale',
        itm.sale_id,
        leg.moved_at
    from demo.new_sale_items as itm
    cross join
        lateral (
            values
            ('sale', -itm.quantity, itm.billed_at),
            ('sale_return', itm.quantity, itm.voids_at)
        ) as leg (movement_type, quantity, moved_at)
    where leg.moved_at is not null
    union all
    select
        con.hospital_id,
        con.product_id,
        pln.batch_id,
        2,
        'dispense',
        -con.quantity,
        'invoice',
        con.invoice_id,
        con.billed_at
    from demo.consumption as con
    inner join
        demo.batch_plan as pln
        on pln.product_id = con.product_id and pln.period = con.period
    where con.kind = 'inpatient'
    union all
    select
        ret.hospital_id,
        ret.product_id,
        ret.batch_id,
        2,
        'sale_return',
        ret.quantity,
        'pharmacy_return',
        ret.id,
        ret.returned_at
    from demo.new_returns as ret
    where ret.is_restocked
)

select
    (select coalesce(max(led.id), 0) from hms.inventory_ledger as led)
    + row_number()
        over (order by mov.moved_at, mov.batch_id, mov.quantity desc, mov.reference_id),
    mov.hospital_id,
    mov.product_id,
    mov.batch_id,
    (mov.hospital_id - 1) * 6 + mov.location,
    mov.movement_type,
    mov.quantity,
    bat.unit_cost,
    mov.reference_type,
    mov.reference_id,
    mov.moved_at,
    (mov.hospital_id - 1) * (10 + run.doctors) + 6,
    demo.written(mov.moved_at),
    demo.written(mov.moved_at)
from movements as mov
cross join demo.run
inner join hms.batches as bat on bat.id = mov.batch_id;
