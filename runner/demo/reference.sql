-- What a hospital sets up before its first patient. Keys are dense per hospital, so
-- that later scripts find the n-th department, doctor or service by arithmetic.

insert into hms.settings (hospital_id, key, value, created_at, updated_at)
select ten.hospital_id, stg.key, stg.value, ten.since, ten.since
from demo.tenants as ten
cross join demo.run
cross join lateral (
    values
    ('queue.daily_capacity', to_jsonb(run.visits_per_day)),
    ('billing.default_terms_days', to_jsonb(30)),
    ('receipt.footer', to_jsonb('Thank you'::text))
) as stg (key, value);

insert into hms.departments (id, hospital_id, code, name, kind, created_at, updated_at)
select
    (ten.hospital_id - 1) * 13 + dep.number,
    ten.hospital_id,
    dep.code,
    dep.name,
    dep.kind,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values
    (1, 'GEN', 'General medicine', 'clinical'),
    (2, 'PED', 'Paediatrics', 'clinical'),
    (3, 'OBG', 'Obstetrics and gynaecology', 'clinical'),
    (4, 'SUR', 'Surgery', 'clinical'),
    (5, 'CAR', 'Cardiology', 'clinical'),
    (6, 'DEN', 'Dentistry', 'clinical'),
    (7, 'EMR', 'Emergency', 'emergency'),
    (8, 'LAB', 'Laboratory', 'laboratory'),
    (9, 'RAD', 'Imaging', 'imaging'),
    (10, 'PHA', 'Pharmacy', 'pharmacy'),
    (11, 'WRD', 'Wards', 'inpatient'),
    (12, 'THE', 'Operating theatre', 'theatre'),
    (13, 'ADM', 'Administration', 'administration')
) as dep (number, code, name, kind);

insert into hms.roles (id, hospital_id, name, created_at, updated_at)
select
    (ten.hospital_id - 1) * 5 + rol.number,
    ten.hospital_id,
    rol.name,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values (1, 'administrator'),
    (2, 'cashier'),
    (3, 'doctor'),
    (4, 'pharmacist'),
    (5, 'accountant')
) as rol (number, name);

insert into hms.permissions (id, hospital_id, name, created_at, updated_at)
select
    (ten.hospital_id - 1) * 6 + per.number,
    ten.hospital_id,
    per.name,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values
    (1, 'patients.read'), (2, 'invoices.write'), (3, 'payments.write'),
    (4, 'refunds.approve'), (5, 'stock.write'), (6, 'reports.read')
) as per (number, name);

insert into hms.role_permissions (
    hospital_id, role_id, permission_id, created_at, updated_at
)
select rol.hospital_id, rol.id, per.id, rol.created_at, rol.created_at
from hms.roles as rol
inner join hms.permissions as per on per.hospital_id = rol.hospital_id
where rol.name = 'administrator' or (rol.id + per.id) % 2 = 0;

-- Ten people of the staff come first, then one user per doctor.
insert into hms.users (
    id, hospital_id, email, full_name, password_hash, created_at, updated_at
)
select
    (ten.hospital_id - 1) * (10 + run.doctors) + num.number,
    ten.hospital_id,
    'user' || num.number || '@h' || ten.hospital_id || '.example',
    nam.first_names[demo.pick(ten.hospital_id * 1000 + num.number, 1, 1, 20)] || ' '
    || nam.last_names[demo.pick(ten.hospital_id * 1000 + num.number, 2, 1, 20)],
    '!',
    ten.since,
    ten.since
from demo.tenants as ten
cross join demo.run
cross join demo.names as nam
cross join generate_series(1, 10 + run.doctors) as num (number);

insert into hms.user_roles (hospital_id, user_id, role_id, created_at, updated_at)
select usr.hospital_id, usr.id, rol.id, usr.created_at, usr.created_at
from hms.users as usr
cross join demo.run
cross join
    lateral (
        select (usr.id - 1) % (10 + run.doctors) + 1 as number
    ) as num
inner join hms.roles as rol
    on
        rol.hospital_id = usr.hospital_id
        and rol.name = case
            when num.number > 10 then 'doctor'
            when num.number = 1 then 'administrator'
            when num.number <= 5 then 'cashier'
            when num.number <= 8 then 'pharmacist'
            else 'accountant'
        end;

insert into hms.doctors (
    id, hospital_id, user_id, department_id, full_name, speciality,
    consultation_fee, hospital_fee, created_at, updated_at
)
select
    (ten.hospital_id - 1) * run.doctors + num.number,
    ten.hospital_id,
    usr.id,
    dep.id,
    'Dr ' || usr.full_name,
    dep.name,
    ten.price_scale * demo.pick(usr.id, 3, 4, 12) * 10,
    ten.price_scale * demo.pick(usr.id, 4, 1, 4) * 5,
    ten.since,
    ten.since
from demo.tenants as ten
cross join demo.run
cross join generate_series(1, run.doctors) as num (number)
inner join
    hms.users as usr
    on usr.id = (ten.hospital_id - 1) * (10 + run.doctors) + 10 + num.number
inner join
    hms.departments as dep
    on dep.id = (ten.hospital_id - 1) * 13 + (num.number - 1) % 7 + 1;

insert into hms.insurance_payers (
    id, hospital_id, code, name, payer_type, terms_days, created_at, updated_at
)
select
    (ten.hospital_id - 1) * 5 + pay.number,
    ten.hospital_id,
    pay.code,
    pay.name,
    pay.payer_type,
    pay.terms_days,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values
    (1, 'NHF', 'National Health Fund', 'government', 60),
    (2, 'ATL', 'Atlas Insurance', 'insurance', 30),
    (3, 'MER', 'Meridian Mutual', 'insurance', 45),
    (4, 'EMB', 'Embassy Health Office', 'corporate', 30),
    (5, 'CAR', 'Caritas Relief', 'charity', 30)
) as pay (number, code, name, payer_type, terms_days);

insert into hms.labs (
    id, hospital_id, department_id, code, name, created_at, updated_at
)
select
    (ten.hospital_id - 1) * 2 + lab.number,
    ten.hospital_id,
    (ten.hospital_id - 1) * 13 + 8,
    lab.code,
    lab.name,
    ten.since,
    ten.since
from demo.tenants as ten
cross join
    (
        values (1, 'HAE', 'Haematology'), (2, 'BIO', 'Biochemistry')
    ) as lab (number, code, name);

insert into hms.tax_codes (id, hospital_id, code, rate, created_at, updated_at)
select
    (ten.hospital_id - 1) * 2 + tax.number,
    ten.hospital_id,
    tax.code,
    tax.rate,
    ten.since,
    ten.since
from demo.tenants as ten
cross join lateral (
    values (1, 'EXEMPT', 0),
    (2, 'STANDARD', case ten.currency_code when 'XAF' then 19.25 else 6 end)
) as tax (number, code, rate);

-- Services 1-6 consultations, 7-30 tests, 31-38 imaging, 39-46 minor and 47-54 major
-- procedures, 55-57 beds, 58 registration, 59-60 packages.
insert into hms.services (
    id,
    hospital_id,
    department_id,
    code,
    name,
    category,
    tax_code,
    created_at,
    updated_at
)
select
    (ten.hospital_id - 1) * 60 + num.number,
    ten.hospital_id,
    (ten.hospital_id - 1) * 13 + srv.department,
    'S' || lpad(num.number::text, 3, '0'),
    initcap(srv.category) || ' ' || num.number,
    srv.category,
    'EXEMPT',
    ten.since,
    ten.since
from demo.tenants as ten
cross join generate_series(1, 60) as num (number)
cross join lateral (
    select
        case
            when num.number <= 6 then 'consultation'
            when num.number <= 30 then 'test'
            when num.number <= 38 then 'imaging'
            when num.number <= 54 then 'procedure'
            when num.number <= 57 then 'bed'
            when num.number = 58 then 'registration'
            else 'package'
        end as category,
        case
            when num.number <= 6 then num.number
            when num.number <= 30 then 8
            when num.number <= 38 then 9
            when num.number <= 46 then 1 + num.number % 7
            when num.number <= 54 then 12
            when num.number <= 57 then 11
            else 13
        end as department
) as srv;

-- Last year's prices, closed on the first day, and this year's, four per cent higher.
insert into hms.price_list (
    hospital_id,
    service_id,
    currency_code,
    price,
    valid_from,
    valid_to,
    created_at,
    updated_at
)
select
    srv.hospital_id,
    srv.id,
    ten.currency_code,
    round(pri.price * ten.price_scale * per.factor / 5) * 5,
    per.valid_from,
    per.valid_to,
    ten.since,
    ten.since
from hms.services as srv
inner join demo.tenants as ten on ten.hospital_id = srv.hospital_id
cross join demo.run
cross join lateral (select (srv.id - 1) % 60 + 1 as number) as num
cross join
    lateral (
        select
            case
                when num.number <= 6 then demo.pick(srv.id, 10, 60, 180)
                when num.number <= 30 then demo.pick(srv.id, 10, 15, 120)
                when num.number <= 38 then demo.pick(srv.id, 10, 90, 600)
                when num.number <= 46 then demo.pick(srv.id, 10, 10, 80)
                when num.number <= 54 then demo.pick(srv.id, 10, 400, 3000)
                when num.number <= 57 then demo.pick(srv.id, 10, 250, 700)
                when num.number = 58 then 10
                else demo.pick(srv.id, 10, 150, 500)
            end as price
    ) as pri
cross join lateral (
    values
    (0.96, run.first_date - 365, run.first_date),
    (1.00, run.first_date, null::date)
) as per (factor, valid_from, valid_to);

insert into hms.test_types (
    id, hospital_id, lab_id, service_id, code, name, specimen, result_unit,
    normal_low, normal_high, turnaround_minutes, created_at, updated_at
)
select
    (srv.hospital_id - 1) * 24 + num.number,
    srv.hospital_id,
    (srv.hospital_id - 1) * 2 + 1 + num.number % 2,
    srv.id,
    'T' || lpad(num.number::text, 2, '0'),
    'Test ' || num.number,
    (array['blood', 'urine', 'swab'])[1 + num.number % 3],
    'mmol/l',
    2 + num.number % 5,
    8 + num.number % 5,
    30 * (1 + num.number % 8),
    srv.created_at,
    srv.created_at
from hms.services as srv
cross join lateral (select (srv.id - 1) % 60 - 5 as number) as num
where srv.category = 'test';

-- Products 1-30 are medicines, 31-40 consumables, which bear tax.
insert into hms.products (
    id, hospital_id, code, name, category, unit, cost_price, sale_price, tax_code,
    reorder_level, lead_time_days, safety_stock, created_at, updated_at
)
select
    pro.id,
    ten.hospital_id,
    'P' || lpad(num.number::text, 3, '0'),
    case when num.number <= 30 then 'Medicine ' else 'Consumable ' end || num.number,
    case when num.number <= 30 then 'medicine' else 'consumable' end,
    (array['tablet', 'vial', 'box', 'piece'])[1 + num.number % 4],
    round(
        pro.price * ten.price_scale * (0.5 + 0.2 * demo.roll(pro.id, 12))::numeric, 4
    ),
    round(pro.price * ten.price_scale, ten.exponent),
    case when num.number <= 30 then 'EXEMPT' else 'STANDARD' end,
    50 + 10 * (num.number % 10),
    3 + num.number % 12,
    20 + 5 * (num.number % 6),
    ten.since,
    ten.since
from demo.tenants as ten
cross join generate_series(1, 40) as num (number)
cross join lateral (
    select
        (ten.hospital_id - 1) * 40 + num.number as id,
        (
            0.4 + 25 * power(demo.roll((ten.hospital_id - 1) * 40 + num.number, 11), 3)
        )::numeric as price
) as pro;

-- Locations 1 main store, 2 pharmacy, 3 ward cupboard, 4 suppliers, 5 patients, 6
-- losses.
insert into hms.locations (
    id, hospital_id, department_id, code, name, location_type, created_at, updated_at
)
select
    (ten.hospital_id - 1) * 6 + loc.number,
    ten.hospital_id,
    (ten.hospital_id - 1) * 13 + loc.department,
    loc.code,
    loc.name,
    loc.location_type,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values
    (1, 13, 'STORE', 'Main store', 'storage'),
    (2, 10, 'PHARM', 'Pharmacy', 'storage'),
    (3, 11, 'WARD', 'Ward cupboard', 'storage'),
    (4, null, 'SUPP', 'Suppliers', 'supplier'),
    (5, null, 'CUST', 'Patients', 'customer'),
    (6, null, 'LOST', 'Losses', 'lost_found')
) as loc (number, department, code, name, location_type);

insert into hms.accounts (id, hospital_id, code, name, kind, created_at, updated_at)
select
    (ten.hospital_id - 1) * 6 + acc.number,
    ten.hospital_id,
    acc.code,
    acc.name,
    acc.kind,
    ten.since,
    ten.since
from demo.tenants as ten
cross join (
    values
    (1, '1000', 'Cash', 'asset'),
    (2, '1010', 'Bank', 'asset'),
    (3, '1100', 'Receivables', 'asset'),
    (4, '2000', 'Patient wallets', 'liability'),
    (5, '4000', 'Income', 'income'),
    (6, '5000', 'Cost of medicines', 'expense')
) as acc (number, code, name, kind);
