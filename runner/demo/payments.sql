-- Receipts become payments: one each, but one per payer and week where payers remit.

create unlogged table demo.new_payments as
with drawers as (
    select
        rec.hospital_id,
        rec.invoice_id,
        rec.sequence,
        rec.patient_id,
        rec.payer_id,
        rec.via,
        rec.currency_code,
        rec.exchange_rate,
        rec.amount,
        rec.paid_at,
        rec.voids_at,
        rec.key
    from demo.receipts as rec
    where rec.via not in ('remittance', 'wallet_only')
    union all
    select
        rec.hospital_id,
        null,
        null,
        null,
        rec.payer_id,
        'remittance',
        rec.currency_code,
        rec.exchange_rate,
        sum(rec.amount),
        rec.paid_at,
        null,
        -rec.payer_id * 1000000 - extract(epoch from rec.paid_at)::bigint / 3600
    from demo.receipts as rec
    where rec.via = 'remittance'
    group by
        rec.hospital_id, rec.payer_id, rec.currency_code, rec.exchange_rate, rec.paid_at
)

select
    (select coalesce(max(pay.id), 0) from hms.payments as pay)
    + row_number() over (order by drw.paid_at, drw.key) as id,
    drw.*,
    case
        when drw.via = 'wallet' then 'wallet'
        when drw.via = 'remittance' then 'transfer'
        when drw.payer_id is not null then 'insurance'
        when ten.currency_code = 'XAF'
            then (
                array[
                    'cash',
                    'cash',
                    'cash',
                    'cash',
                    'cash',
                    'mobile_money',
                    'mobile_money',
                    'mobile_money',
                    'card',
                    'transfer'
                ]
            )[demo.pick(drw.key, 112, 1, 10)]
        else (
            array[
                'card',
                'card',
                'card',
                'card',
                'card',
                'cash',
                'cash',
                'transfer',
                'transfer',
                'cheque'
            ]
        )[demo.pick(drw.key, 112, 1, 10)]
    end as method
from drawers as drw
inner join demo.tenants as ten on ten.hospital_id = drw.hospital_id;

create index on demo.new_payments (invoice_id);
analyze demo.new_payments;

-- Wallet moves: the uses of the new bills, uses that nobody billed, the top-ups that
-- cover each wallet's period, withdrawals of what was left, and money put back.
create unlogged table demo.wallet_moves as
with uses as (
    select
        rec.hospital_id,
        rec.patient_id,
        rec.currency_code,
        case rec.kind
            when 'opd' then 'consultation_fee'
            when 'laboratory' then 'lab_test_payment'
            when 'pharmacy' then 'pharmacy_payment'
            when 'theatre' then 'procedure_fee'
            when 'inpatient' then 'admission_fee'
            else 'payment'
        end as type,
        rec.invoice_id,
        pay.id as payment_id,
        rec.amount,
        rec.paid_at as transacted_at,
        rec.voids_at,
        rec.until,
        rec.key
    from demo.receipts as rec
    left join demo.new_payments as pay
        on pay.invoice_id = rec.invoice_id and pay.sequence = rec.sequence
    where rec.via in ('wallet', 'wallet_only')
    union all
    select
        rec.hospital_id,
        rec.patient_id,
        rec.currency_code,
        'daily_admission_charge',
        null,
        null,
        round(rec.amount / 4) + 5,
        rec.paid_at + interval '1 minute',
        null,
        rec.until,
        rec.key + 1
    from demo.receipts as rec
    where rec.via = 'wallet'
        and demo.roll(rec.key, 120) < 0.04
        and rec.paid_at + interval '1 minute' < rec.until
),

periods as (
    select
        uss.hospital_id,
        uss.patient_id,
        uss.currency_code,
        sum(uss.amount) as used_amount,
        ceil(sum(uss.amount) / (50 * min(ten.price_scale)))
        * 50
        * min(ten.price_scale) as top_up_amount,
        min(uss.transacted_at) as first_at,
        max(uss.transacted_at) as last_at,
        min(uss.until) as until,
        min(uss.key) as key
    from uses as uss
    inner join demo.tenants as ten on ten.hospital_id = uss.hospital_id
    group by
        uss.hospital_id,
        uss.patient_id,
        uss.currency_code,
        date_trunc('month', uss.transacted_at at time zone 'UTC')
),

moves as (
    select
        uss.hospital_id,
        uss.patient_id,
        uss.currency_code,
        uss.type,
        null::text as method,
        uss.invoice_id,
        uss.payment_id,
        uss.amount,
        'completed' as status,
        uss.transacted_at,
        uss.voids_at,
        uss.key
    from uses as uss
    union all
    select
        per.hospital_id,
        per.patient_id,
        per.currency_code,
        'top_up',
        (array['cash', 'card', 'transfer', 'mobile_money'])[
            demo.pick(per.key, 121, 1, 4)
        ],
        null,
        null,
        per.top_up_amount,
        'completed',
        per.first_at - interval '25 minutes',
        null,
        per.key + 2
    from periods as per
    union all
    -- a card that failed before the top-up that worked
    select
        per.hospital_id,
        per.patient_id,
        per.currency_code,
        'top_up',
        'card',
        null,
        null,
        per.top_up_amount,
        'failed',
        per.first_at - interval '28 minutes',
        null,
        per.key + 3
    from periods as per
    where demo.roll(per.key, 122) < 0.03
    union all
    -- a top-up typed in twice and voided
    select
        per.hospital_id,
        per.patient_id,
        per.currency_code,
        'top_up',
        'cash',
        null,
        null,
        per.top_up_amount,
        'voided',
        per.first_at - interval '24 minutes',
        per.first_at - interval '20 minutes',
        per.key + 4
    from periods as per
    where demo.roll(per.key, 123) < 0.01
    union all
    select
        per.hospital_id,
        per.patient_id,
        per.currency_code,
        'withdrawal',
        'cash',
        null,
        null,
        per.top_up_amount - per.used_amount,
        'completed',
        per.last_at + interval '50 minutes',
        null,
        per.key + 5
    from periods as per
    where
        per.top_up_amount > per.used_amount
        and per.last_at + interval '50 minutes' < per.until
        and demo.roll(per.key, 124) < 0.15
    union all
    select
        uss.hospital_id,
        uss.patient_id,
        uss.currency_code,
        'refund',
        null,
        uss.invoice_id,
        uss.payment_id,
        uss.amount,
        'completed',
        uss.transacted_at + demo.hours(uss.key, 125, 5, 200),
        null,
        uss.key + 6
    from uses as uss
    where
        uss.payment_id is not null
        and uss.voids_at is null
        and demo.roll(uss.key, 126) < 0.02
        and uss.transacted_at + demo.hours(uss.key, 125, 5, 200) < uss.until
)

select
    (select coalesce(max(wal.id), 0) from hms.wallet_transactions as wal)
    + row_number() over (order by mov.transacted_at, mov.key) as id,
    mov.*
from moves as mov;

create index on demo.wallet_moves (payment_id);
analyze demo.wallet_moves;

insert into hms.wallets (hospital_id, patient_id, currency_code, created_at, updated_at)
select
    mov.hospital_id,
    mov.patient_id,
    mov.currency_code,
    demo.written(min(mov.transacted_at)),
    demo.written(max(mov.transacted_at))
from demo.wallet_moves as mov
where
    not exists (
        select 1
        from hms.wallets as wal
        where wal.patient_id = mov.patient_id and wal.currency_code = mov.currency_code
    )
group by mov.hospital_id, mov.patient_id, mov.currency_code
order by mov.hospital_id, mov.patient_id, mov.currency_code;

insert into hms.wallet_transactions (
    id, hospital_id, wallet_id, patient_id, type, method, payment_id, invoice_id,
    currency_code,
    amount,
    status,
    transacted_at,
    voided_at,
    created_by,
    created_at,
    updated_at
)
select
    mov.id,
    mov.hospital_id,
    wal.id,
    mov.patient_id,
    mov.type,
    mov.method,
    mov.payment_id,
    mov.invoice_id,
    mov.currency_code,
    mov.amount,
    case when mov.voids_at is not null then 'voided' else mov.status end,
    mov.transacted_at,
    mov.voids_at,
    (mov.hospital_id - 1) * (10 + run.doctors) + 3,
    demo.written(mov.transacted_at),
    demo.written(coalesce(mov.voids_at, mov.transacted_at))
from demo.wallet_moves as mov
cross join demo.run
inner join hms.wallets as wal
    on wal.patient_id = mov.patient_id and wal.currency_code = mov.currency_code;

update hms.wallets as wal
set balance = wal.balance + bal.balance
from (
    select
        mov.patient_id,
        mov.currency_code,
        sum(
            case
                when mov.type in ('top_up', 'refund') then mov.amount else -mov.amount
            end
        ) as balance
    from demo.wallet_moves as mov
    where mov.status = 'completed' and mov.voids_at is null
    group by mov.patient_id, mov.currency_code
) as bal
where wal.patient_id = bal.patient_id and wal.currency_code = bal.currency_code;

insert into hms.payments (
    id,
    hospital_id,
    number,
    invoice_id,
    patient_id,
    payer_id,
    method,
    wallet_transaction_id,
    currency_code,
    exchange_rate,
    amount,
    status,
    reference,
    paid_at,
    voided_at,
    received_by,
    created_at, updated_at
)
select
    pay.id,
    pay.hospital_id,
    'REC' || lpad(pay.id::text, 9, '0'),
    case when pay.via not in ('on_account', 'remittance') then pay.invoice_id end,
    pay.patient_id,
    pay.payer_id,
    pay.method,
    mov.id,
    pay.currency_code,
    pay.exchange_rate,
    pay.amount,
    case
        when pay.voids_at is not null then 'voided'
        when bak.id is not null then 'refunded'
        else 'completed'
    end,
    case
        when
            pay.payer_id is not null
            then 'REM-' || pay.payer_id || '-' || to_char(pay.paid_at, 'IYYYIW')
    end,
    pay.paid_at,
    pay.voids_at,
    (pay.hospital_id - 1) * (10 + run.doctors) + demo.pick(pay.key, 113, 2, 5),
    -- one receipt in fifty is typed in a day or two late
    demo.written(
        pay.paid_at
        + case
            when demo.roll(pay.key, 114) < 0.02 then interval '30 hours' else
                interval '0'
        end
    ),
    demo.written(
        coalesce(
            pay.voids_at,
            pay.paid_at
            + case
                when demo.roll(pay.key, 114) < 0.02 then interval '30 hours' else
                    interval '0'
            end
        )
    )
from demo.new_payments as pay
cross join demo.run
left join demo.wallet_moves as mov on mov.payment_id = pay.id and mov.type <> 'refund'
left join demo.wallet_moves as bak on bak.payment_id = pay.id and bak.type = 'refund';

-- A tenth of a per cent more never came through.
insert into hms.payments (
    id,
    hospital_id,
    number,
    invoice_id,
    patient_id,
    method,
    currency_code,
    exchange_rate,
    amount,
    status, created_at, updated_at
)
select
    (select max(pai.id) from hms.payments as pai) + row_number() over (order by pay.id),
    pay.hospital_id,
    'REC' || lpad(pay.id::text, 9, '0') || 'F',
    pay.invoice_id,
    pay.patient_id,
    'card',
    pay.currency_code,
    pay.exchange_rate,
    pay.amount,
    case when demo.roll(pay.key, 115) < 0.0008 then 'failed' else 'pending' end,
    demo.written(pay.paid_at - interval '1 minute'),
    demo.written(pay.paid_at - interval '1 minute')
from demo.new_payments as pay
where pay.method = 'card' and demo.roll(pay.key, 115) < 0.001;

insert into hms.payment_allocations (
    hospital_id, payment_id, invoice_id, amount, allocated_at, created_at, updated_at
)
select
    rec.hospital_id,
    pay.id,
    rec.invoice_id,
    rec.applied_amount,
    greatest(rec.billed_at, rec.paid_at),
    demo.written(greatest(rec.billed_at, rec.paid_at)),
    demo.written(greatest(rec.billed_at, rec.paid_at))
from demo.receipts as rec
inner join demo.new_payments as pay
    on
        (
            rec.via = 'on_account'
            and pay.invoice_id = rec.invoice_id
            and pay.sequence = rec.sequence
        )
where rec.via = 'on_account'
union all
select
    rec.hospital_id,
    pay.id,
    rec.invoice_id,
    rec.applied_amount,
    rec.paid_at,
    demo.written(rec.paid_at),
    demo.written(rec.paid_at)
from demo.receipts as rec
inner join demo.new_payments as pay
    on
        pay.via = 'remittance'
        and pay.payer_id = rec.payer_id
        and pay.paid_at = rec.paid_at
        and pay.currency_code = rec.currency_code
where rec.via = 'remittance';
