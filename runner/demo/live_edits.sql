-- Edits of old rows: amounts, departments, and a payment that belongs to another
-- invoice.
with drawn as (
    select itm.id, itm.invoice_id
    from demo.today as tod
    cross join lateral demo.draws(208, tod.deeds * 150, tod.items) as drw (id)
    inner join hms.invoice_items as itm on itm.id = drw.id
    inner join hms.invoices as inv on inv.id = itm.invoice_id
    where
        inv.id % 7 = 1
        and inv.status in ('issued', 'partially_paid')
        and inv.payer_id is null
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.write_offs as wof where wof.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.invoice_instalments as ins where ins.invoice_id = inv.id
        )
    order by itm.id
    limit (select tod.deeds from demo.today as tod)
),

edited as (
    update hms.invoice_items as itm
    set
        quantity = itm.quantity + 1,
        tax_amount = case
            when itm.tax_amount is not null
                then round(
                        ((itm.quantity + 1) * itm.unit_price - itm.discount_amount)
                        * itm.tax_rate
                        / 100,
                        ten.exponent
                    )
        end
    from drawn as drw, demo.tenants as ten
    where itm.id = drw.id and ten.hospital_id = itm.hospital_id
    returning itm.invoice_id
),

touched as (
    insert into demo.touched_invoices
    select edt.invoice_id from edited as edt
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'amounts edited', count(*) from edited;

with edited as (
    update hms.invoice_items as itm
    set department_id = (itm.hospital_id - 1) * 13 + demo.pick(itm.id, 209, 1, 7)
    from demo.today as tod
    cross join lateral demo.draws(210, tod.deeds, tod.items) as drw (id)
    where itm.id = drw.id and itm.invoice_id % 7 <> 1
    returning itm.id
)

insert into demo.deeds (deed, number)
select 'item departments edited', count(*) from edited;

with edited as (
    update hms.visits as vis
    set department_id = (vis.hospital_id - 1) * 13 + demo.pick(vis.id, 211, 1, 6)
    from demo.today as tod
    cross join lateral demo.draws(212, tod.deeds / 2, tod.visits) as drw (id)
    where vis.id = drw.id
    returning vis.id
)

insert into demo.deeds (deed, number)
select 'visit departments edited', count(*) from edited;

with movable as (
    select
        pay.id,
        pay.hospital_id,
        pay.currency_code,
        pay.invoice_id,
        row_number()
            over (partition by pay.hospital_id, pay.currency_code order by pay.id)
            as place
    from demo.today as tod
    cross join lateral demo.draws(213, tod.deeds * 12, tod.payments) as drw (id)
    inner join hms.payments as pay on pay.id = drw.id
    where
        pay.id % 7 = 2
        and pay.invoice_id is not null
        and pay.status = 'completed'
        and pay.method not in ('wallet', 'insurance')
        and not exists (select 1 from hms.refunds as rfd where rfd.payment_id = pay.id)
),

homes as (
    select
        inv.id,
        inv.patient_id,
        inv.hospital_id,
        inv.currency_code,
        row_number()
            over (partition by inv.hospital_id, inv.currency_code order by inv.id desc)
            as place
    from hms.invoices as inv
    where
        inv.status = 'issued'
        and inv.id % 7 = 2
        and inv.payer_id is null
        and inv.patient_id is not null
        and not exists (
            select 1 from hms.write_offs as wof where wof.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
),

moved as (
    update hms.payments as pay
    set invoice_id = hom.id, patient_id = hom.patient_id
    from movable as mvb
    inner join homes as hom
        on
            hom.hospital_id = mvb.hospital_id
            and hom.currency_code = mvb.currency_code
            and hom.place = mvb.place
    where pay.id = mvb.id and mvb.place <= 2
    returning mvb.invoice_id as old_invoice_id, hom.id as new_invoice_id
),

touched as (
    insert into demo.touched_invoices
    select mov.old_invoice_id from moved as mov
    union
    select mov.new_invoice_id from moved as mov
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'payments moved', count(*) from moved;
