-- The documents of the new bills: invoices with their items, instalments and orders.

create unlogged table demo.settled as
select
    rec.invoice_id,
    sum(least(rec.amount, rec.applied_amount)) as paid_amount
from demo.receipts as rec
where rec.voids_at is null
group by rec.invoice_id;

analyze demo.settled;

insert into hms.invoices (
    id, hospital_id, number, patient_id, visit_id, payer_id, department_id, doctor_id,
    billable_type,
    billable_id,
    source_app,
    currency_code,
    exchange_rate,
    subtotal_amount,
    discount_amount, tax_amount, total_amount, paid_amount, status, due_date, issued_at,
    voided_at, void_reason, created_by, created_at, updated_at
)
select
    bil.id,
    bil.hospital_id,
    'INV' || lpad(bil.id::text, 9, '0'),
    bil.patient_id,
    bil.visit_id,
    case when tot.payer_share > 0 then bil.payer_id end,
    (bil.hospital_id - 1) * 13 + case bil.kind
        when 'laboratory' then 8
        when 'imaging' then 9
        when 'pharmacy' then 10
        when 'walk_in' then 10
        when 'inpatient' then 11
        when 'theatre' then 12
        when 'emergency' then 7
        else coalesce((bil.visit_department_id - 1) % 13 + 1, 13)
    end,
    bil.doctor_id,
    case
        when bil.kind = 'laboratory' then 'test_order'
        when bil.kind in ('pharmacy', 'walk_in') then 'pharmacy_sale'
        when bil.kind = 'inpatient' then 'admission'
        else 'visit'
    end,
    case
        when bil.kind = 'laboratory' then bil.first_order_id
        when bil.kind in ('pharmacy', 'walk_in') then bil.sale_id
        else bil.visit_id
    end,
    case bil.kind when 'walk_in' then 'pharmacy' else bil.kind end,
    bil.currency_code,
    bil.exchange_rate,
    tot.subtotal_amount,
    tot.discount_amount,
    tot.tax_amount,
    tot.total_amount,
    coalesce(stl.paid_amount, 0),
    case
        when not bil.is_issued then 'draft'
        when bil.voids_at < bil.until then 'void'
        when coalesce(stl.paid_amount, 0) >= tot.total_amount then 'paid'
        when stl.paid_amount > 0 then 'partially_paid'
        else 'issued'
    end,
    case
        when demo.roll(bil.bill_key, 86) < 0.08 then null
        when bil.outcome = 'instalments' then bil.billed_on + 90
        when tot.payer_share > 0 then bil.billed_on + pay.terms_days
        when bil.kind in ('inpatient', 'theatre') then bil.billed_on + 14
        else bil.billed_on
    end,
    case when bil.is_issued then bil.billed_at end,
    case when bil.is_issued and bil.voids_at < bil.until then bil.voids_at end,
    case when bil.is_issued and bil.voids_at < bil.until then 'entered by mistake' end,
    (bil.hospital_id - 1) * (10 + run.doctors) + demo.pick(bil.bill_key, 87, 2, 5),
    demo.written(least(bil.billed_at, bil.until)),
    demo.written(
        case
            when bil.is_issued and bil.voids_at < bil.until then bil.voids_at else
                least(bil.billed_at, bil.until)
        end
    )
from demo.bills as bil
cross join demo.run
inner join demo.totals as tot on tot.invoice_id = bil.id
left join demo.settled as stl on stl.invoice_id = bil.id
left join hms.insurance_payers as pay on pay.id = bil.payer_id;

insert into hms.invoice_items (
    id, hospital_id, invoice_id, item_type, item_id, department_id, doctor_id, quantity,
    unit_price, discount_amount, tax_code, tax_rate, tax_amount, payer_amount,
    created_at, updated_at
)
select
    itm.id,
    itm.hospital_id,
    itm.invoice_id,
    case itm.choice when 'operation' then 'procedure' else itm.choice end,
    itm.item_id,
    case
        when demo.roll(itm.key, 85) < 0.12 then null
        when
            itm.kind = 'laboratory' or itm.choice = 'test'
            then (itm.hospital_id - 1) * 13 + 8
        when itm.kind = 'imaging' then (itm.hospital_id - 1) * 13 + 9
        when itm.kind in ('pharmacy', 'walk_in') then (itm.hospital_id - 1) * 13 + 10
        when
            itm.choice = 'bed' or itm.kind = 'inpatient'
            then (itm.hospital_id - 1) * 13 + 11
        when itm.kind = 'theatre' then (itm.hospital_id - 1) * 13 + 12
        else itm.visit_department_id
    end,
    case when itm.kind not in ('pharmacy', 'walk_in') then itm.doctor_id end,
    itm.quantity,
    itm.unit_price,
    itm.discount_amount,
    itm.tax_code,
    itm.tax_rate,
    -- one hospital in three states the tax, the others leave it to the rate
    case when itm.hospital_id % 3 = 0 then itm.tax_amount end,
    itm.payer_amount,
    demo.written(itm.billed_at),
    demo.written(itm.billed_at)
from demo.items as itm;

insert into hms.invoice_instalments (
    hospital_id, invoice_id, number, due_date, amount, created_at, updated_at
)
select
    prt.hospital_id,
    prt.invoice_id,
    prt.number,
    prt.due_date,
    prt.amount,
    demo.written(prt.billed_at),
    demo.written(prt.billed_at)
from demo.parts as prt
where prt.amount > 0;

insert into hms.test_orders (
    id,
    hospital_id,
    visit_id,
    patient_id,
    doctor_id,
    department_id,
    lab_id,
    test_type_id,
    priority, status, ordered_at, collected_at, completed_at, created_at, updated_at
)
select
    itm.order_id,
    itm.hospital_id,
    bil.visit_id,
    bil.patient_id,
    itm.doctor_id,
    itm.visit_department_id,
    typ.lab_id,
    typ.id,
    case
        when demo.roll(itm.key, 88) < 0.85 then 'routine' when
            demo.roll(itm.key, 88) < 0.96
            then 'urgent'
        else 'stat'
    end,
    case
        when bil.voids_at < bil.until then 'cancelled'
        when
            bil.voids_at is not null or itm.billed_at + interval '5 hours' > bil.until
            then 'collected'
        else 'completed'
    end,
    itm.billed_at,
    case
        when bil.voids_at is null then itm.billed_at + demo.hours(itm.key, 89, 0.1, 0.8)
    end,
    case
        when bil.voids_at is null and itm.billed_at + interval '5 hours' <= bil.until
            then itm.billed_at + demo.hours(itm.key, 90, 1, 5)
    end,
    demo.written(itm.billed_at),
    demo.written(itm.billed_at + interval '5 hours')
from demo.items as itm
inner join demo.bills as bil on bil.id = itm.invoice_id
inner join hms.test_types as typ on typ.service_id = itm.item_id
where itm.kind = 'laboratory';

insert into hms.test_results (
    hospital_id,
    test_order_id,
    value,
    unit,
    flag,
    verified_by,
    resulted_at,
    created_at,
    updated_at
)
select
    ord.hospital_id,
    ord.id,
    res.value,
    typ.result_unit,
    case
        when res.value < typ.normal_low then 'low' when
            res.value > typ.normal_high
            then 'high'
        else 'normal'
    end,
    (ord.hospital_id - 1) * (10 + run.doctors) + 1,
    ord.completed_at,
    demo.written(ord.completed_at),
    demo.written(ord.completed_at)
from hms.test_orders as ord
cross join demo.run
inner join hms.test_types as typ on typ.id = ord.test_type_id
cross join
    lateral (
        select round((1 + 12 * demo.roll(ord.id, 91))::numeric, 1) as value
    ) as res
where
    ord.status = 'completed'
    and ord.id >= (select coalesce(min(bil.first_order_id), 1) from demo.bills as bil);
