-- Every kind of dirt, in the rows of every second hospital (of the only one, if there is one).
-- A row gets one kind at most.

create unlogged table demo.kinds (
    number integer generated always as identity,
    table_name text not null,
    change text not null,
    condition text not null default 'true'
);

insert into demo.kinds (table_name, change, condition)
values
-- words and codes that nobody knows
('invoices', $$ currency_code = 'XXQ' $$, 'true'),
('invoices', $$ status = 'mislaid' $$, 'true'),
('payments', $$ currency_code = 'XXP' $$, 'true'),
('payments', $$ status = 'maybe' $$, 'true'),
('refunds', $$ status = 'perhaps' $$, 'true'),
('write_offs', $$ status = 'sleeping' $$, 'true'),
('write_offs', $$ category = 'kindness' $$, 'true'),
('wallet_transactions', $$ type = 'gift' $$, 'true'),
('wallet_transactions', $$ status = 'gone' $$, 'true'),
-- amounts that are none
('invoices', $$ exchange_rate = 0 $$, 'true'),
('invoices', $$ total_amount = 'NaN' $$, 'true'),
('invoice_items', $$ quantity = -1 $$, 'true'),
('invoice_items', $$ quantity = 'Infinity' $$, 'true'),
('invoice_items', $$ unit_price = 'NaN' $$, 'true'),
('invoice_items', $$ discount_amount = quantity * unit_price + 1 $$, 'true'),
('payments', $$ amount = 0 $$, 'true'),
('payments', $$ amount = -amount $$, 'true'),
('payments', $$ amount = 'NaN' $$, 'true'),
('payments', $$ amount = 'Infinity' $$, 'true'),
('refunds', $$ amount = -1 $$, 'true'),
('wallet_transactions', $$ amount = 0 $$, 'true'),
('inventory_ledger', $$ quantity = 0 $$, 'true'),
('inventory_ledger', $$ quantity = 'NaN' $$, 'true'),
-- documents that are not there
('payments', $$ invoice_id = 99999999 $$, 'true'),
('refunds', $$ payment_id = 99999999 $$, 'true'),
('invoice_items', $$ invoice_id = 99999999 $$, 'true'),
('payment_allocations', $$ invoice_id = 99999999 $$, 'true'),
('credit_note_items', $$ credit_note_id = 99999999 $$, 'true'),
('inventory_ledger', $$ product_id = 99999999 $$, 'true'),
-- dates that are none
('invoices', $$ status = 'void', voided_at = null $$, 'true'),
('invoices', $$ issued_at = null $$, $$ spo.status = 'issued' $$),
('invoices', $$ issued_at = 'infinity' $$, $$ spo.status = 'issued' $$),
('invoices', $$ issued_at = '0001-01-01 00:00:00+00' $$, $$ spo.status = 'issued' $$),
('invoices', $$ due_date = 'infinity' $$, 'true'),
('payments', $$ status = 'voided', voided_at = null $$, 'true'),
('payments', $$ paid_at = '9999-12-31 00:00:00+00' $$, $$ spo.status = 'completed' $$),
('payments', $$ paid_at = '-infinity' $$, $$ spo.status = 'completed' $$),
('inventory_ledger', $$ moved_at = '294276-12-31 00:00:00+00' $$, 'true'),
('batches', $$ expiry_date = 'infinity' $$, 'true'),
-- money that is decided by one person alone, or beyond what is owed
(
    'write_offs',
    $$ status = 'approved', requested_by = 1, approved_by = 1,
       decided_at = coalesce(decided_at, requested_at) $$,
    'true'
),
(
    'write_offs',
    $$ status = 'approved', amount = 9000000, requested_by = 1, approved_by = 2,
       decided_at = coalesce(decided_at, requested_at) $$,
    'true'
),
-- texts that are too much for a terminal, a page or an index
('invoices', $$ number = E'\u0001\u001b[31m\r\n\u202e' || repeat('9', 100000) $$, 'true'),
('departments', $$ name = E'=1+1\t' || repeat('Ward ', 2000) $$, 'true'),
-- rows that cannot land
('payments', $$ hospital_id = null $$, 'true'),
('visits', $$ updated_at = null $$, 'true'),
-- visits that cannot be counted
('visits', $$ status = 'astray' $$, 'true'),
('visits', $$ visit_type = null $$, 'true'),
('visits', $$ visit_type = repeat('tele', 5000) $$, 'true'),
('visits', $$ patient_id = null $$, 'true'),
('visits', $$ entered_at = 'infinity', exited_at = null $$, 'true');

create unlogged table demo.spoilt (
    table_name text not null,
    id bigint not null,
    primary key (table_name, id)
);

-- the hospitals whose rows are spoilt
create unlogged table demo.spoilt_hospitals as
select hos.id
from hms.hospitals as hos
cross join demo.run
where hos.id % 2 = 0 or run.tenants = 1;

do $$
declare
    kind record;
begin
    for kind in
        select
            knd.*,
            count(*) over (partition by knd.table_name) as kinds
        from demo.kinds as knd
        order by knd.number
    loop
        execute format(
            'with drawn as (
                insert into demo.spoilt (table_name, id)
                select %1$L, cho.id
                from (
                    select
                        spo.id,
                        row_number() over (order by demo.roll(spo.id, %2$s), spo.id) as place,
                        count(*) over () as size
                    from hms.%1$I as spo
                    where
                        spo.hospital_id in (select hos.id from demo.spoilt_hospitals as hos)
                        and (%4$s)
                        and not exists (
                            select from demo.spoilt as tak
                            where tak.table_name = %1$L and tak.id = spo.id
                        )
                ) as cho
                cross join demo.dirty as dir
                where cho.place <= ceil(cho.size * dir.share / %5$s)
                returning id
            )
            update hms.%1$I as spo
            set %3$s
            from drawn as drw
            where spo.id = drw.id',
            kind.table_name, 7000 + kind.number, kind.change, kind.condition, kind.kinds
        );
    end loop;
end
$$;

-- Rows that are there twice, and rows without a key.
alter table hms.payments alter column id drop identity, alter column id drop not null;

create unlogged table demo.drawn as
select
    pay.id,
    row_number() over (order by demo.roll(pay.id, 7100), pay.id) as place,
    ceil(count(*) over () * dir.share / 50) as size
from hms.payments as pay
cross join demo.dirty as dir
where
    pay.hospital_id in (select hos.id from demo.spoilt_hospitals as hos)
    and not exists (
        select from demo.spoilt as tak where tak.table_name = 'payments' and tak.id = pay.id
    );

insert into hms.payments
select pay.*
from hms.payments as pay
inner join demo.drawn as drw on pay.id = drw.id
where drw.place <= drw.size;

update hms.payments as pay
set id = null
from demo.drawn as drw
where pay.id = drw.id and drw.place > drw.size and drw.place <= 2 * drw.size;

-- A second allocation of the same money, a second payment from one wallet transaction, a
-- wallet row beside its payment.
insert into hms.payment_allocations (
    hospital_id, payment_id, invoice_id, amount, allocated_at, created_at, updated_at
)
select
    alc.hospital_id,
    alc.payment_id,
    alc.invoice_id,
    pay.amount,
    alc.allocated_at,
    alc.created_at,
    alc.updated_at
from hms.payment_allocations as alc
inner join hms.payments as pay on alc.payment_id = pay.id
where
    alc.hospital_id in (select hos.id from demo.spoilt_hospitals as hos)
    and pay.amount > 0
    and pay.amount < 'Infinity'
order by alc.id
limit 2;

insert into hms.payments
select twin.*
from (
    select pay.id
    from hms.payments as pay
    where
        pay.hospital_id in (select hos.id from demo.spoilt_hospitals as hos)
        and pay.wallet_transaction_id is not null
        and pay.status = 'completed'
        and pay.amount > 0
        and pay.amount < 'Infinity'
        and pay.paid_at < '2200-01-01'
    order by demo.roll(pay.id, 7101), pay.id
    limit 2
) as drw
inner join hms.payments as pay on drw.id = pay.id
cross join lateral jsonb_populate_record(
    pay, jsonb_build_object('id', 90000000 + pay.id)
) as twin;

insert into hms.wallet_transactions
select twin.*
from (
    select wal.id
    from hms.wallet_transactions as wal
    inner join hms.payments as pay on wal.id = pay.wallet_transaction_id
    where
        wal.hospital_id in (select hos.id from demo.spoilt_hospitals as hos)
        and wal.status = 'completed'
        and wal.amount > 0
        and wal.payment_id is null
    order by demo.roll(wal.id, 7102), wal.id
    limit 2
) as drw
inner join hms.wallet_transactions as wal on drw.id = wal.id
cross join lateral jsonb_populate_record(
    wal, jsonb_build_object('id', 90000000 + wal.id)
) as twin;
