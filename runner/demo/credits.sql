-- What is taken back, given up or claimed: credit notes, refunds, write-offs and
-- claims.

create unlogged table demo.new_credits as
with planned as (
    select
        bil.*,
        case
            when bil.cover_rate > 0 then 'payer'
            when demo.roll(bil.bill_key, 130) < 0.008 then 'partial'
            else 'full'
        end as extent,
        bil.billed_at + demo.hours(bil.bill_key, 131, 20, 480) as credited_at
    from demo.bills as bil
    where
        bil.is_issued
        and bil.outcome in ('at_once', 'overpaid', 'late', 'unpaid')
        and demo.roll(bil.bill_key, 130)
        < case when bil.cover_rate > 0 then 0.004 else 0.011 end
)

select
    (select coalesce(max(cre.id), 0) from hms.credit_notes as cre)
    + row_number() over (order by pln.credited_at, pln.bill_key) as id,
    pln.id as invoice_id,
    pln.hospital_id,
    pln.patient_id,
    pln.payer_id,
    pln.bill_key,
    pln.kind,
    pln.outcome,
    pln.exponent,
    pln.currency_code,
    pln.exchange_rate,
    pln.extent,
    pln.credited_at,
    pln.until,
    case
        when demo.roll(pln.bill_key, 132) < 0.94 then 'issued'
        when demo.roll(pln.bill_key, 132) < 0.98 then 'draft'
        when pln.credited_at + interval '2 days' < pln.until then 'void'
        else 'issued'
    end as status,
    case
        when
            pln.extent = 'partial' and demo.roll(pln.bill_key, 133) < 0.5
            then 0.5
        else 1
    end as fraction
from planned as pln
where pln.credited_at < pln.until;

create unlogged table demo.credit_lines as
select
    cre.id as credit_note_id,
    itm.id as invoice_item_id,
    itm.number,
    case cre.extent
        when 'payer' then itm.payer_amount
        else round(
                (itm.quantity * itm.unit_price - itm.discount_amount) * cre.fraction,
                cre.exponent
            )
    end as net_amount,
    case cre.extent
        when 'payer' then 0 else round(itm.tax_amount * cre.fraction, cre.exponent)
    end as tax_amount
from demo.new_credits as cre
inner join demo.items as itm on itm.invoice_id = cre.invoice_id
where
    (cre.extent = 'full' or itm.number = 1)
    and (cre.extent <> 'payer' or itm.tax_amount = 0);

create unlogged table demo.credit_totals as
select
    lin.credit_note_id,
    sum(lin.net_amount) as net_amount,
    sum(lin.tax_amount) as tax_amount
from demo.credit_lines as lin
where lin.net_amount > 0
group by lin.credit_note_id;

insert into hms.credit_notes (
    id, hospital_id, number, invoice_id, patient_id, payer_id, share, currency_code,
    exchange_rate,
    net_amount,
    tax_amount,
    status,
    reason,
    issued_at,
    voided_at,
    created_by,
    created_at, updated_at
)
select
    cre.id,
    cre.hospital_id,
    'CN' || lpad(cre.id::text, 8, '0'),
    cre.invoice_id,
    cre.patient_id,
    case when cre.extent = 'payer' then cre.payer_id end,
    case when cre.extent = 'payer' then 'payer' else 'patient' end,
    cre.currency_code,
    cre.exchange_rate,
    tot.net_amount,
    tot.tax_amount,
    cre.status,
    case cre.extent
        when 'full' then 'service not rendered' else 'billing correction'
    end,
    case when cre.status <> 'draft' then cre.credited_at end,
    case when cre.status = 'void' then cre.credited_at + interval '2 days' end,
    (cre.hospital_id - 1) * (10 + run.doctors) + 9,
    demo.written(cre.credited_at),
    demo.written(cre.credited_at)
from demo.new_credits as cre
cross join demo.run
inner join demo.credit_totals as tot on tot.credit_note_id = cre.id;

insert into hms.credit_note_items (
    hospital_id,
    credit_note_id,
    invoice_item_id,
    net_amount,
    tax_amount,
    created_at,
    updated_at
)
select
    cre.hospital_id,
    cre.id,
    lin.invoice_item_id,
    lin.net_amount,
    lin.tax_amount,
    demo.written(cre.credited_at),
    demo.written(cre.credited_at)
from demo.credit_lines as lin
inner join demo.new_credits as cre on cre.id = lin.credit_note_id
where lin.net_amount > 0
order by cre.id, lin.number;

-- Good will: a credit that belongs to no invoice.
with good_will as (
    select
        (select coalesce(max(cre.id), 0) from hms.credit_notes as cre)
        + row_number() over (order by bil.id) as id,
        bil.hospital_id,
        bil.patient_id,
        ten.currency_code,
        25 * ten.price_scale as net_amount,
        bil.billed_at + interval '3 days' as credited_at
    from demo.bills as bil
    inner join demo.tenants as ten on ten.hospital_id = bil.hospital_id
    where
        bil.patient_id is not null
        and bil.billed_at + interval '3 days' < bil.until
        and demo.roll(bil.bill_key, 134) < 0.0004
),

notes as (
    insert into hms.credit_notes (
        id, hospital_id, number, patient_id, currency_code, net_amount, status, reason,
        issued_at, created_at, updated_at
    )
    select
        wil.id,
        wil.hospital_id,
        'CN' || lpad(wil.id::text, 8, '0'),
        wil.patient_id,
        wil.currency_code,
        wil.net_amount,
        'issued',
        'good will',
        wil.credited_at,
        demo.written(wil.credited_at),
        demo.written(wil.credited_at)
    from good_will as wil
    returning id, hospital_id, net_amount, created_at, updated_at
)

insert into hms.credit_note_items (
    hospital_id, credit_note_id, net_amount, created_at, updated_at
)
select nte.hospital_id, nte.id, nte.net_amount, nte.created_at, nte.updated_at
from notes as nte
order by nte.id;

-- Some credit is used on the next bill of the patient.
with usable as (
    select
        nte.id,
        nte.hospital_id,
        nte.patient_id,
        nte.currency_code,
        nte.issued_at,
        coalesce(cre.bill_key, nte.id) as key,
        coalesce(tot.net_amount + tot.tax_amount, nte.net_amount) as amount
    from hms.credit_notes as nte
    left join demo.new_credits as cre on cre.id = nte.id and cre.extent = 'full'
    left join demo.credit_totals as tot on tot.credit_note_id = cre.id
    where
        nte.status = 'issued'
        and (cre.id is not null or nte.invoice_id is null)
        and not exists (
            select from hms.credit_note_allocations as alc where alc.credit_note_id = nte.id
        )
),

used as (
    select distinct on (usa.id)
        usa.id,
        usa.hospital_id,
        bil.id as invoice_id,
        case when demo.roll(usa.key, 148) < 0.5 then usa.amount else
            round(usa.amount / 2)
        end as amount,
        bil.billed_at + interval '2 hours' as allocated_at
    from usable as usa
    inner join demo.bills as bil
        on
            bil.hospital_id = usa.hospital_id
            and bil.patient_id = usa.patient_id
            and bil.currency_code = usa.currency_code
            and bil.billed_at > usa.issued_at
    where
        bil.is_issued
        and bil.billed_at + interval '2 hours' < bil.until
        and demo.roll(usa.key, 147) < 0.8
    order by usa.id, bil.billed_at, bil.id
)

insert into hms.credit_note_allocations (
    hospital_id, credit_note_id, invoice_id, amount, allocated_at, created_at, updated_at
)
select
    use.hospital_id,
    use.id,
    use.invoice_id,
    use.amount,
    use.allocated_at,
    demo.written(use.allocated_at),
    demo.written(use.allocated_at)
from used as use
where use.amount > 0
order by use.id;

-- Refunds: of credited payments, and of payments made in error.
create unlogged table demo.new_refunds as
with credited as (
    select
        cre.hospital_id,
        pay.id as payment_id,
        cre.id as credit_note_id,
        cre.invoice_id,
        cre.patient_id,
        pay.method,
        cre.currency_code,
        cre.exchange_rate,
        least(tot.net_amount + tot.tax_amount, pay.amount) as amount,
        greatest(cre.credited_at, pay.paid_at)
        + demo.hours(cre.bill_key, 140, 0.2, 50) as requested_at,
        cre.until,
        cre.bill_key as key
    from demo.new_credits as cre
    inner join demo.credit_totals as tot on tot.credit_note_id = cre.id
    inner join demo.new_payments as pay
        on pay.invoice_id = cre.invoice_id
            and pay.sequence = 1
            and pay.via = 'direct'
            and pay.voids_at is null
    where cre.extent <> 'payer'
        and cre.status = 'issued'
        and demo.roll(cre.bill_key, 141) < 0.7
),

mistaken as (
    select
        pay.hospital_id,
        pay.id as payment_id,
        null::bigint as credit_note_id,
        pay.invoice_id,
        pay.patient_id,
        pay.method,
        pay.currency_code,
        pay.exchange_rate,
        case
            when demo.roll(pay.key, 142) < 0.4 then pay.amount else
                round(pay.amount / 2)
        end as amount,
        pay.paid_at + demo.hours(pay.key, 143, 2, 300) as requested_at,
        ten.until,
        pay.key
    from demo.new_payments as pay
    inner join demo.tenants as ten on ten.hospital_id = pay.hospital_id
    left join demo.new_credits as cre on cre.invoice_id = pay.invoice_id
    where
        pay.via = 'direct'
        and pay.payer_id is null
        and pay.voids_at is null
        and cre.id is null
        and demo.roll(pay.key, 144) < 0.004
),

requested as (
    select * from credited
    union all
    select * from mistaken
)

select
    (select coalesce(max(rfd.id), 0) from hms.refunds as rfd)
    + row_number() over (order by req.requested_at, req.key) as id,
    req.*,
    case
        when req.requested_at + interval '6 hours' >= req.until then 'requested'
        when demo.roll(req.key, 145) < 0.84 then 'executed'
        when demo.roll(req.key, 145) < 0.88 then 'approved'
        when demo.roll(req.key, 145) < 0.92 then 'requested'
        when demo.roll(req.key, 145) < 0.98 then 'rejected'
        when req.requested_at + interval '30 hours' < req.until then 'voided'
        else 'executed'
    end as status
from requested as req
where req.requested_at < req.until and req.amount > 0;

insert into hms.refunds (
    id, hospital_id, number, payment_id, credit_note_id, invoice_id, patient_id, method,
    currency_code, exchange_rate, amount, status, reason, requested_by, approved_by,
    requested_at, executed_at, voided_at, created_at, updated_at
)
select
    rfd.id,
    rfd.hospital_id,
    'REF' || lpad(rfd.id::text, 8, '0'),
    rfd.payment_id,
    rfd.credit_note_id,
    rfd.invoice_id,
    rfd.patient_id,
    rfd.method,
    rfd.currency_code,
    rfd.exchange_rate,
    rfd.amount,
    rfd.status,
    case when rfd.credit_note_id is null then 'paid in error' else 'credited' end,
    (rfd.hospital_id - 1) * (10 + run.doctors) + demo.pick(rfd.key, 146, 2, 5),
    case
        when
            rfd.status not in ('requested')
            then (rfd.hospital_id - 1) * (10 + run.doctors) + 9
    end,
    rfd.requested_at,
    case
        when
            rfd.status in ('executed', 'voided')
            then rfd.requested_at + interval '6 hours'
    end,
    case when rfd.status = 'voided' then rfd.requested_at + interval '30 hours' end,
    demo.written(rfd.requested_at),
    demo.written(rfd.requested_at)
from demo.new_refunds as rfd
cross join demo.run;

update hms.payments as pay
set
    status
    = case when rfd.amount >= pay.amount then 'refunded' else 'partially_refunded' end,
    updated_at
    = greatest(pay.updated_at, demo.written(rfd.requested_at + interval '6 hours'))
from demo.new_refunds as rfd
where rfd.status = 'executed' and pay.id = rfd.payment_id and pay.status = 'completed';

-- Write-offs: of patients who never pay, of what payers leave, and recoveries later.
create unlogged table demo.new_write_offs as
with candidates as (
    select
        bil.hospital_id,
        bil.id as invoice_id,
        'patient' as share,
        bil.currency_code,
        bil.exchange_rate,
        tot.patient_share as amount,
        case
            when demo.roll(bil.bill_key, 150) < 0.40 then 'bad_debt'
            when demo.roll(bil.bill_key, 150) < 0.62 then 'charity_care'
            when demo.roll(bil.bill_key, 150) < 0.74 then 'uncollectible'
            when demo.roll(bil.bill_key, 150) < 0.82 then 'administrative_error'
            when demo.roll(bil.bill_key, 150) < 0.88 then 'deceased_patient'
            when demo.roll(bil.bill_key, 150) < 0.94 then 'small_balance'
            else 'other'
        end as category,
        bil.billed_at + case
            when
                demo.roll(bil.bill_key, 150) between 0.40 and 0.62
                then demo.hours(bil.bill_key, 151, 20, 120)
            else demo.hours(bil.bill_key, 151, 30 * 24, 80 * 24)
        end as requested_at,
        bil.until,
        bil.bill_key * 4 as key
    from demo.bills as bil
    inner join demo.totals as tot on tot.invoice_id = bil.id
    left join demo.new_credits as cre on cre.invoice_id = bil.id
    where bil.outcome = 'unpaid'
        and bil.is_issued
        and cre.id is null
        and demo.roll(bil.bill_key, 152) < 0.7
    union all
    select
        rep.hospital_id,
        rep.invoice_id,
        'payer',
        rep.currency_code,
        rep.exchange_rate,
        rep.payer_share - rep.paid_amount,
        case rep.reply
            when 'short' then 'contractual_adjustment' else 'uncollectible'
        end,
        rep.pays_at + interval '2 days',
        rep.until,
        rep.bill_key * 4 + 1
    from demo.payer_replies as rep
    left join demo.new_credits as cre on cre.invoice_id = rep.invoice_id
    where rep.reply in ('short', 'denied') and cre.id is null
),

decided as (
    select
        can.*,
        can.requested_at + demo.hours(can.key, 153, 4, 240) as decided_at,
        case
            when
                can.requested_at + demo.hours(can.key, 153, 4, 240) >= can.until
                then 'pending'
            when demo.roll(can.key, 154) < 0.80 then 'approved'
            when demo.roll(can.key, 154) < 0.90 then 'rejected'
            when demo.roll(can.key, 154) < 0.94 then 'cancelled'
            else 'pending'
        end as status
    from candidates as can
    where can.amount > 0 and can.requested_at < can.until
),

with_recoveries as (
    select
        dec.hospital_id,
        dec.invoice_id,
        dec.share,
        dec.currency_code,
        dec.exchange_rate,
        dec.amount,
        dec.category,
        dec.requested_at,
        dec.decided_at,
        case
            when dec.status = 'approved'
                and demo.roll(dec.key, 155) < 0.01
                and dec.decided_at + interval '5 days' < dec.until
                then dec.decided_at + interval '5 days'
        end as reversed_at,
        dec.status,
        dec.key
    from decided as dec
    union all
    select
        dec.hospital_id,
        dec.invoice_id,
        dec.share,
        dec.currency_code,
        dec.exchange_rate,
        ceil(dec.amount * 0.4),
        'recovery',
        dec.decided_at + interval '20 days',
        dec.decided_at + interval '20 days 1 hour',
        null,
        'approved',
        dec.key + 2
    from decided as dec
    where
        dec.status = 'approved'
        and dec.category in ('bad_debt', 'uncollectible')
        and demo.roll(dec.key, 155) > 0.9
        and dec.decided_at + interval '20 days 1 hour' < dec.until
)

select * from with_recoveries;

insert into hms.write_offs (
    hospital_id,
    invoice_id,
    category,
    share,
    currency_code,
    exchange_rate,
    amount,
    status,
    reason,
    requested_by,
    approved_by,
    requested_at,
    decided_at,
    reversed_at,
    created_at,
    updated_at
)
select
    wof.hospital_id,
    wof.invoice_id,
    wof.category,
    wof.share,
    wof.currency_code,
    wof.exchange_rate,
    wof.amount,
    wof.status,
    case wof.category
        when 'recovery' then 'collected by the agency' else 'reviewed by billing'
    end,
    (wof.hospital_id - 1) * (10 + run.doctors) + demo.pick(wof.key, 156, 2, 5),
    case
        when
            wof.status <> 'pending'
            then (wof.hospital_id - 1) * (10 + run.doctors) + 10
    end,
    wof.requested_at,
    case when wof.status <> 'pending' then wof.decided_at end,
    wof.reversed_at,
    demo.written(wof.requested_at),
    demo.written(
        case when wof.status <> 'pending' then wof.decided_at else wof.requested_at end
    )
from demo.new_write_offs as wof
cross join demo.run
order by wof.requested_at, wof.key;

insert into hms.insurance_claims (
    hospital_id,
    number,
    invoice_id,
    payer_id,
    patient_id,
    currency_code,
    claimed_amount,
    approved_amount, denied_amount, paid_amount, status, denial_reason, submitted_at,
    decided_at, created_at, updated_at
)
select
    rep.hospital_id,
    'CLM' || lpad(rep.invoice_id::text, 9, '0'),
    rep.invoice_id,
    rep.payer_id,
    rep.patient_id,
    rep.currency_code,
    rep.payer_share,
    case when sta.is_decided then rep.paid_amount else 0 end,
    case when sta.is_decided then rep.payer_share - rep.paid_amount else 0 end,
    case when sta.is_paid then rep.paid_amount else 0 end,
    case
        when not sta.is_decided then 'submitted'
        when rep.reply = 'denied' then 'denied'
        when sta.is_paid then 'paid'
        when rep.reply = 'short' then 'partially_approved'
        else 'approved'
    end,
    case when sta.is_decided and rep.reply = 'denied' then 'not covered' end,
    rep.billed_at + interval '1 day',
    case when sta.is_decided then rep.pays_at - interval '5 days' end,
    demo.written(rep.billed_at + interval '1 day'),
    demo.written(
        case
            when sta.is_decided then rep.pays_at - interval '5 days' else rep.billed_at
        end
    )
from demo.payer_replies as rep
cross join
    lateral (
        select
            rep.pays_at - interval '5 days' < rep.until as is_decided,
            rep.pays_at < rep.until and rep.paid_amount > 0 as is_paid
    ) as sta
where rep.billed_at + interval '1 day' < rep.until
order by rep.invoice_id;
