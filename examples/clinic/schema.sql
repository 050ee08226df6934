-- A small billing system that Almoner has never seen: what models/staging/ needs for it is
-- in staging/, beside this file. No Python knows of it.
create table clinics (
    id int primary key,
    tenant_id text not null,
    title varchar(80) not null,
    zone text,
    money char(3)
);

create table bills (
    id int primary key,
    clinic_id int not null references clinics,
    number text not null,
    state text not null,
    issued timestamptz,
    due date,
    changed timestamptz not null default now()
);

create table bill_lines (
    id int primary key,
    bill_id int not null references bills,
    quantity numeric(10, 2) not null,
    price numeric(12, 2) not null,
    vat numeric(5, 2) not null default 0
);

create table receipts (
    id int primary key,
    clinic_id int not null references clinics,
    bill_id int,
    taken timestamptz not null,
    amount numeric(12, 2) not null,
    method text not null,
    changed timestamptz not null default now()
);

insert into clinics values
(1, 'HIL', 'Hill Clinic', 'Africa/Nairobi', 'KES'),
(2, 'LAK', 'Lake Clinic', 'Africa/Kampala', 'UGX');

insert into bills (id, clinic_id, number, state, issued, due)
values
(1, 1, 'H-1', 'issued', '2026-10-01 08:00+00', '2026-10-31'),
(2, 1, 'H-2', 'issued', '2026-10-02 21:30+00', '2026-11-01'),
(3, 1, 'H-3', 'draft', null, null),
(4, 2, 'L-1', 'issued', '2026-10-02 09:00+00', '2026-10-16');

insert into bill_lines values
(1, 1, 2, 100, 16),
(2, 1, 1, 50, 0),
(3, 2, 1, 80, 0),
(4, 3, 1, 999, 0),
(5, 4, 3, 1000, 18);

insert into receipts (id, clinic_id, bill_id, taken, amount, method)
values
(1, 1, 1, '2026-10-05 10:00+00', 200, 'mobile'),
(2, 1, null, '2026-10-06 10:00+00', 25, 'cash'),
(3, 2, 77, '2026-10-06 10:00+00', 10, 'cash');
