-- Late payments: today's money, and money of some days ago that is typed in today.
with open_invoices as (
    select
        inv.id,
        inv.hospital_id,
        inv.patient_id,
        inv.currency_code,
        inv.exchange_rate,
        inv.total_amount - inv.paid_amount as amount,
        demo.roll(inv.id * 7 + (tod.day - date '2000-01-01'), 203) as luck,
        inv.issued_at,
        ten.until,
        tod.doctors
    from hms.invoices as inv
    cross join demo.today as tod
    inner join demo.tenants as ten on ten.hospital_id = inv.hospital_id
    where
        inv.status in ('issued', 'partially_paid')
        and inv.payer_id is null
        and inv.patient_id is not null
        and inv.total_amount > inv.paid_amount
        and inv.issued_at < ten.since
        and not exists (
            select 1 from hms.write_offs as wof where wof.invoice_id = inv.id
        )
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = inv.id
        )
),

paid as (
    insert into hms.payments (
        hospital_id,
        number,
        invoice_id,
        patient_id,
        method,
        currency_code,
        exchange_rate,
        amount, status, paid_at, received_by
    )
    select
        opn.hospital_id,
        'L' || to_char(opn.until, 'YYMMDD') || '-' || opn.id,
        opn.id,
        opn.patient_id,
        case when opn.luck < 0.01 then 'transfer' else 'cash' end,
        opn.currency_code,
        opn.exchange_rate,
        opn.amount,
        'completed',
        case
            when opn.luck < 0.02 then opn.until - interval '9 hours'
            else greatest(opn.issued_at, opn.until - demo.hours(opn.id, 204, 48, 900))
        end,
        (opn.hospital_id - 1) * (10 + opn.doctors) + 4
    from open_invoices as opn
    where opn.luck < 0.03
    order by opn.id
    returning invoice_id
),

touched as (
    insert into demo.touched_invoices
    select pai.invoice_id from paid as pai
)

insert into demo.deeds (deed, number)
select 'late and back-dated payments', count(*) from paid;

-- Payers settle claims.
with settled as (
    update hms.insurance_claims as clm
    set
        status = 'paid',
        approved_amount = clm.claimed_amount,
        paid_amount = clm.claimed_amount,
        decided_at = ten.until - interval '10 hours'
    from demo.tenants as ten
    cross join demo.today as tod
    where
        clm.hospital_id = ten.hospital_id
        and clm.status = 'submitted'
        and clm.submitted_at < ten.since - interval '12 days'
        and demo.roll(clm.id * 7 + (tod.day - date '2000-01-01'), 205) < 0.03
        and not exists (
            select 1 from hms.credit_notes as cre where cre.invoice_id = clm.invoice_id
        )
        and not exists (
            select 1
            from hms.payments as pay
            where pay.invoice_id = clm.invoice_id and pay.payer_id is not null
        )
        and not exists (
            select 1
            from hms.payment_allocations as alc
            inner join
                hms.payments as pay
                on pay.id = alc.payment_id and pay.payer_id is not null
            where alc.invoice_id = clm.invoice_id
        )
    returning
        clm.id,
        clm.hospital_id,
        clm.invoice_id,
        clm.patient_id,
        clm.payer_id,
        clm.currency_code,
        clm.claimed_amount,
        clm.decided_at
),

paid as (
    insert into hms.payments (
        hospital_id, number, invoice_id, patient_id, payer_id, method, currency_code,
        exchange_rate, amount, status, paid_at
    )
    select
        stl.hospital_id,
        'C' || stl.id,
        stl.invoice_id,
        stl.patient_id,
        stl.payer_id,
        'insurance',
        stl.currency_code,
        inv.exchange_rate,
        stl.claimed_amount,
        'completed',
        stl.decided_at
    from settled as stl
    inner join hms.invoices as inv on inv.id = stl.invoice_id
    order by stl.id
    returning invoice_id
),

touched as (
    insert into demo.touched_invoices
    select pai.invoice_id from paid as pai
    on conflict do nothing
)

insert into demo.deeds (deed, number)
select 'claims paid', count(*) from paid;

-- Back-dated invoices: a service of last month that was forgotten.
with forgotten as (
    select
        inv.hospital_id,
        inv.patient_id,
        inv.visit_id,
        inv.department_id,
        inv.doctor_id,
        ten.currency_code,
        ten.price_scale * 40 as amount,
        ten.until,
        inv.id,
        greatest(inv.issued_at, ten.until - demo.hours(inv.id, 206, 100, 900))
            as issued_at
    from demo.today as tod
    cross join lateral demo.draws(207, tod.deeds * 8, tod.invoices) as drw (id)
    inner join hms.invoices as inv on inv.id = drw.id
    inner join demo.tenants as ten on ten.hospital_id = inv.hospital_id
    where inv.id % 7 = 0 and inv.visit_id is not null and inv.issued_at < ten.since
    order by inv.id
    limit (select greatest(1, tod.deeds / 2) from demo.today as tod)
),

issued as (
    insert into hms.invoices (
        hospital_id,
        number,
        patient_id,
        visit_id,
        department_id,
        doctor_id,
        billable_type,
        billable_id, source_app, currency_code, subtotal_amount, total_amount, status,
        due_date, issued_at
    )
    select
        fgt.hospital_id,
        'LATE-' || to_char(fgt.until, 'YYMMDD') || '-' || fgt.id,
        fgt.patient_id,
        fgt.visit_id,
        fgt.department_id,
        fgt.doctor_id,
        'visit',
        fgt.visit_id,
        'opd',
        fgt.currency_code,
        fgt.amount,
        fgt.amount,
        'issued',
        fgt.issued_at::date,
        fgt.issued_at
    from forgotten as fgt
    order by fgt.id
    returning id, hospital_id, department_id, doctor_id, total_amount
),

items as (
    insert into hms.invoice_items (
        hospital_id,
        invoice_id,
        item_type,
        item_id,
        department_id,
        doctor_id,
        unit_price,
        tax_code
    )
    select
        iss.hospital_id,
        iss.id,
        'procedure',
        (iss.hospital_id - 1) * 60 + 39,
        iss.department_id,
        iss.doctor_id,
        iss.total_amount,
        'EXEMPT'
    from issued as iss
    order by iss.id
)

insert into demo.deeds (deed, number)
select 'back-dated invoices', count(*) from issued;
