-- Deletions, which a hospital should not do and does.
with deleted as (
    delete from hms.payments as pay
    using demo.today as tod
    cross join lateral demo.draws(216, tod.deeds * 4, tod.payments) as drw (id)
    where
        pay.id = drw.id
        and pay.id % 7 = 5
        and pay.method in ('cash', 'card', 'transfer')
        and pay.invoice_id is not null
        and not exists (select 1 from hms.refunds as rfd where rfd.payment_id = pay.id)
    returning pay.invoice_id
),

touched as (
    insert into demo.touched_invoices
    select dlt.invoice_id from deleted as dlt
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'payments deleted', count(*) from deleted;

with deleted as (
    delete from hms.invoice_items as itm
    using demo.today as tod
    cross join lateral demo.draws(217, tod.deeds * 150, tod.items) as drw (id),
        hms.invoices as inv
    where
        itm.id = drw.id
        and inv.id = itm.invoice_id
        and inv.id % 7 = 6
        and inv.status in ('draft', 'issued')
        and inv.payer_id is null
        and itm.item_type <> 'product'
        and exists (
            select 1
            from hms.invoice_items as oth
            where oth.invoice_id = inv.id and oth.id < itm.id
        )
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.write_offs as wof where wof.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.invoice_instalments as ins where ins.invoice_id = inv.id
        )
    returning itm.invoice_id
),

touched as (
    insert into demo.touched_invoices
    select distinct dlt.invoice_id from deleted as dlt
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'items deleted', count(*) from deleted;

with deleted as (
    delete from hms.write_offs as wof
    using demo.today as tod
    where
        wof.status in ('rejected', 'cancelled')
        and demo.roll(wof.id * 7 + (tod.day - date '2000-01-01'), 218) < 0.01
    returning wof.id
)

insert into demo.deeds (deed, number)
select 'write-offs deleted', count(*) from deleted;

with deleted as (
    delete from hms.payment_allocations as alc
    using demo.today as tod, hms.payments as pay
    where
        pay.id = alc.payment_id
        and pay.payer_id is null
        and demo.roll(alc.id * 7 + (tod.day - date '2000-01-01'), 219) < 0.004
    returning alc.invoice_id
),

touched as (
    insert into demo.touched_invoices
    select distinct dlt.invoice_id from deleted as dlt
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'allocations deleted', count(*) from deleted;
