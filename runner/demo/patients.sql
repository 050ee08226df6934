-- Patients of each hospital; four in ten are covered by a payer.

insert into hms.patients (
    id, hospital_id, number, first_name, last_name, phone, email, gender, birth_date,
    created_at, updated_at
)
select
    pat.id,
    ten.hospital_id,
    'P' || lpad(num.number::text, 7, '0'),
    nam.first_names[demo.pick(pat.id, 20, 1, 20)],
    nam.last_names[demo.pick(pat.id, 21, 1, 20)]
    || case
        when
            demo.roll(pat.id, 22) < 0.5
            then '-' || nam.last_names[demo.pick(pat.id, 23, 1, 20)]
        else ''
    end,
    '+' || (237600000000 + floor(demo.roll(pat.id, 24) * 99999999)::bigint),
    case when demo.roll(pat.id, 25) < 0.3 then 'p' || pat.id || '@mail.example' end,
    case when demo.roll(pat.id, 26) < 0.54 then 'female' else 'male' end,
    run.first_date - demo.pick(pat.id, 27, 0, 30000),
    ten.since,
    ten.since
from demo.run
cross join demo.names as nam
cross join demo.tenants as ten
cross join generate_series(1, run.patients) as num (number)
cross join
    lateral (select (ten.hospital_id - 1) * run.patients + num.number as id) as pat;

insert into hms.patient_policies (
    hospital_id,
    patient_id,
    payer_id,
    policy_number,
    cover_rate,
    valid_from,
    created_at,
    updated_at
)
select
    pat.hospital_id,
    pat.id,
    (pat.hospital_id - 1) * 5 + demo.pick(pat.id, 31, 1, 5),
    'POL' || pat.id,
    60 + 10 * demo.pick(pat.id, 32, 0, 3),
    run.first_date,
    pat.created_at,
    pat.created_at
from hms.patients as pat
cross join demo.run
where demo.roll(pat.id, 30) < 0.4;
