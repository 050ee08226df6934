-- Decisions: write-offs, refunds, and credits of old invoices.
with decided as (
    update hms.write_offs as wof
    set
        status = case
            when demo.roll(wof.id, 220) < 0.8
                and wof.amount <= inv.total_amount - inv.paid_amount then 'approved'
            else 'rejected'
        end,
        approved_by = (wof.hospital_id - 1) * (10 + tod.doctors) + 10,
        decided_at = ten.until - interval '7 hours'
    from demo.today as tod
    cross join demo.tenants as ten
    cross join hms.invoices as inv
    where
        wof.status = 'pending'
        and ten.hospital_id = wof.hospital_id
        and inv.id = wof.invoice_id
        and wof.requested_at < ten.since
        and demo.roll(wof.id * 7 + (tod.day - date '2000-01-01'), 221) < 0.2
    returning wof.id
)

insert into demo.deeds (deed, number)
select 'write-offs decided', count(*) from decided;

with executed as (
    update hms.refunds as rfd
    set
        status = 'executed',
        approved_by
        = coalesce(rfd.approved_by, (rfd.hospital_id - 1) * (10 + tod.doctors) + 9),
        executed_at = ten.until - interval '7 hours'
    from demo.today as tod
    cross join demo.tenants as ten
    where
        rfd.status in ('requested', 'approved')
        and ten.hospital_id = rfd.hospital_id
        and rfd.requested_at < ten.since
        and demo.roll(rfd.id * 7 + (tod.day - date '2000-01-01'), 222) < 0.25
    returning rfd.id
)

insert into demo.deeds (deed, number)
select 'refunds executed', count(*) from executed;

with credited as (
    select
        inv.*,
        itm.id as item_id,
        itm.quantity * itm.unit_price - itm.discount_amount as item_amount,
        ten.until
    from demo.today as tod
    cross join lateral demo.draws(223, tod.deeds * 4, tod.invoices) as drw (id)
    inner join hms.invoices as inv on inv.id = drw.id
    inner join demo.tenants as ten on ten.hospital_id = inv.hospital_id
    cross join
        lateral (
            select itm.*
            from hms.invoice_items as itm
            where itm.invoice_id = inv.id and itm.tax_rate = 0
            order by itm.id
            limit 1
        ) as itm
    where
        inv.status = 'paid'
        and inv.payer_id is null
        and inv.patient_id is not null
        and inv.issued_at < ten.since
        and itm.quantity * itm.unit_price > itm.discount_amount
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
    order by inv.id
    limit (select greatest(1, tod.deeds / 2) from demo.today as tod)
),

notes as (
    insert into hms.credit_notes (
        hospital_id,
        number,
        invoice_id,
        patient_id,
        currency_code,
        exchange_rate,
        net_amount,
        status, reason, issued_at
    )
    select
        crd.hospital_id,
        'CN-' || to_char(crd.until, 'YYMMDD') || '-' || crd.id,
        crd.id,
        crd.patient_id,
        crd.currency_code,
        crd.exchange_rate,
        crd.item_amount,
        'issued',
        'complaint',
        crd.until - interval '6 hours'
    from credited as crd
    order by crd.id
    returning id, hospital_id, invoice_id, net_amount
),

lines as (
    insert into hms.credit_note_items (
        hospital_id, credit_note_id, invoice_item_id, net_amount
    )
    select
        nte.hospital_id,
        nte.id,
        crd.item_id,
        nte.net_amount
    from notes as nte
    inner join credited as crd on crd.id = nte.invoice_id
    order by nte.id
)

insert into demo.deeds (deed, number)
select 'old invoices credited', count(*) from notes;
