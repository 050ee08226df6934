-- Voids of what was typed in wrong days ago.
with voided as (
    update hms.payments as pay
    set status = 'voided', voided_at = ten.until - interval '8 hours'
    from demo.today as tod
    cross join lateral demo.draws(214, tod.deeds * 6, tod.payments) as drw (id)
    cross join demo.tenants as ten
    where
        pay.id = drw.id
        and pay.id % 7 = 3
        and ten.hospital_id = pay.hospital_id
        and pay.status = 'completed'
        and pay.method in ('cash', 'card')
        and pay.invoice_id is not null
        and pay.paid_at < ten.since
        and not exists (select 1 from hms.refunds as rfd where rfd.payment_id = pay.id)
    returning pay.invoice_id
),

touched as (
    insert into demo.touched_invoices
    select voi.invoice_id from voided as voi
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'payments voided', count(*) from voided;

with drawn as (
    select inv.id, ten.until
    from demo.today as tod
    cross join demo.tenants as ten
    inner join hms.invoices as inv on inv.hospital_id = ten.hospital_id
    where
        inv.status = 'issued'
        and inv.paid_amount = 0
        and inv.id % 7 = 4
        and inv.issued_at < ten.since
        and demo.roll(inv.id * 7 + (tod.day - date '2000-01-01'), 215) < 0.05
        and not exists (select 1 from hms.payments as pay where pay.invoice_id = inv.id)
        and not exists (
            select 1 from hms.payment_allocations as alc where alc.invoice_id = inv.id
        )
        and not exists (
            select 1
            from hms.credit_note_allocations as nal
            where nal.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.wallet_transactions as wal where wal.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.write_offs as wof where wof.invoice_id = inv.id
        )
    order by inv.id
    limit (select tod.deeds from demo.today as tod)
),

voided as (
    update hms.invoices as inv
    set
        status = 'void',
        voided_at = drw.until - interval '8 hours',
        void_reason = 'billed twice'
    from drawn as drw
    where inv.id = drw.id
    returning inv.id
)

insert into demo.deeds (deed, number)
select 'invoices voided', count(*) from voided;
