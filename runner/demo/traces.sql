-- What the day leaves behind: the cash book, papers, notices and the audit log.

insert into hms.transactions (
    hospital_id,
    debit_account_id,
    credit_account_id,
    currency_code,
    amount,
    description,
    reference_type, posted_at, created_at, updated_at
)
select
    pay.hospital_id,
    (pay.hospital_id - 1) * 6
    + case when pay.method = 'cash' then 1 when pay.method = 'wallet' then 4 else 2 end,
    (pay.hospital_id - 1) * 6 + 3,
    pay.currency_code,
    sum(pay.amount),
    'receipts of the day, ' || pay.method,
    'payment',
    max(pay.paid_at),
    demo.written(max(pay.paid_at)),
    demo.written(max(pay.paid_at))
from demo.new_payments as pay
where pay.voids_at is null
group by
    pay.hospital_id,
    pay.currency_code,
    pay.method,
    date_trunc('day', pay.paid_at at time zone 'UTC')
order by max(pay.paid_at), pay.hospital_id, pay.method, pay.currency_code;

insert into hms.documents (
    hospital_id,
    owner_type,
    owner_id,
    file_name,
    content_type,
    byte_size,
    sha256,
    uploaded_by,
    uploaded_at, created_at, updated_at
)
select
    vis.hospital_id,
    'visit',
    vis.id,
    'referral-' || vis.id || '.pdf',
    'application/pdf',
    demo.pick(vis.key, 170, 20000, 900000),
    encode(sha256(vis.id::text::bytea), 'hex'),
    (vis.hospital_id - 1) * (10 + run.doctors) + 1,
    vis.entered_at,
    demo.written(vis.entered_at),
    demo.written(vis.entered_at)
from demo.new_visits as vis
cross join demo.run
where demo.roll(vis.key, 171) < 0.04;

insert into hms.notifications (
    hospital_id, user_id, channel, subject, sent_at, read_at, created_at, updated_at
)
select
    vis.hospital_id,
    doc.user_id,
    'app',
    'A patient waits',
    vis.entered_at,
    case
        when demo.roll(vis.key, 172) < 0.05 then vis.entered_at + interval '9 minutes'
    end,
    demo.written(vis.entered_at),
    demo.written(vis.entered_at)
from demo.new_visits as vis
inner join hms.doctors as doc on doc.id = vis.doctor_id
where demo.roll(vis.key, 172) < 0.08;

insert into hms.sessions (
    hospital_id,
    user_id,
    token_hash,
    user_agent,
    started_at,
    expires_at,
    created_at,
    updated_at
)
select
    ten.hospital_id,
    (ten.hospital_id - 1) * (10 + run.doctors) + num.number,
    md5('session' || ten.hospital_id || '.' || num.number || '.' || run.last_date),
    'browser',
    ten.until - interval '15 hours',
    ten.until - interval '3 hours',
    demo.written(ten.until - interval '15 hours'),
    demo.written(ten.until - interval '15 hours')
from demo.tenants as ten
cross join demo.run
cross join generate_series(1, 10) as num (number)
on conflict do nothing;

insert into hms.audit_logs (
    hospital_id, user_id, action, entity_type, entity_id, before, after, logged_at,
    created_at, updated_at
)
select
    bil.hospital_id,
    (bil.hospital_id - 1) * (10 + run.doctors) + demo.pick(bil.bill_key, 87, 2, 5),
    'update',
    'invoice',
    bil.id,
    jsonb_build_object('status', 'issued'),
    jsonb_build_object('status', 'void', 'void_reason', 'entered by mistake'),
    bil.voids_at,
    demo.written(bil.voids_at),
    demo.written(bil.voids_at)
from demo.bills as bil
cross join demo.run
where bil.is_issued and bil.voids_at < bil.until
union all
select
    rec.hospital_id,
    (rec.hospital_id - 1) * (10 + run.doctors) + 9,
    'update',
    'payment',
    pay.id,
    jsonb_build_object('status', 'completed'),
    jsonb_build_object('status', 'voided'),
    rec.voids_at,
    demo.written(rec.voids_at),
    demo.written(rec.voids_at)
from demo.receipts as rec
cross join demo.run
inner join
    demo.new_payments as pay
    on pay.invoice_id = rec.invoice_id and pay.sequence = rec.sequence
where rec.voids_at is not null
union all
select
    vis.hospital_id,
    (vis.hospital_id - 1) * (10 + run.doctors) + 1,
    'create',
    'visit',
    vis.id,
    null,
    jsonb_build_object('status', vis.status, 'visit_type', vis.visit_type),
    vis.entered_at,
    demo.written(vis.entered_at),
    demo.written(vis.entered_at)
from demo.new_visits as vis
cross join demo.run
where demo.roll(vis.key, 173) < 0.15;
