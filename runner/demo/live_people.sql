-- New faces.
with registered as (
    insert into hms.patients (
        hospital_id, number, first_name, last_name, gender, birth_date
    )
    select
        ten.hospital_id,
        'P' || to_char(tod.day, 'YYYYMMDD') || num.number,
        nam.first_names[
            demo.pick(
                ten.hospital_id * 7 + num.number + (tod.day - date '2000-01-01'),
                200,
                1,
                20
            )
        ],
        nam.last_names[
            demo.pick(
                ten.hospital_id * 7 + num.number + (tod.day - date '2000-01-01'),
                201,
                1,
                20
            )
        ],
        'unknown',
        tod.day - 9000
    from demo.tenants as ten
    cross join demo.today as tod
    cross join demo.names as nam
    cross join generate_series(1, 3) as num (number)
    returning id
)

insert into demo.deeds (deed, number)
select 'new patients', count(*) from registered;

-- Yesterday's queue is cleared, and patients who stayed go home.
with cleared as (
    update hms.visits as vis
    set
        status = 'completed',
        exited_at = greatest(vis.entered_at, ten.until - interval '15 hours')
    from demo.tenants as ten
    where
        vis.hospital_id = ten.hospital_id
        and vis.status in ('waiting', 'in_consultation')
        and vis.entered_at < ten.since
        and (
            vis.visit_type <> 'inpatient'
            or demo.roll(
                vis.id * 7
                + (select tod.day - date '2000-01-01' from demo.today as tod),
                202
            )
            < 0.3
        )
    returning vis.id
)

insert into demo.deeds (deed, number)
select 'visits ended', count(*) from cleared;

with discharged as (
    update hms.admissions as adm
    set status = 'discharged', discharged_at = vis.exited_at
    from hms.visits as vis
    where adm.visit_id = vis.id and adm.status = 'admitted' and vis.status = 'completed'
    returning adm.visit_id
),

issued as (
    update hms.invoices as inv
    set
        status = 'issued',
        issued_at = ten.until - interval '14 hours',
        due_date = (ten.until - interval '14 hours')::date + 14
    from discharged as dis
    cross join demo.tenants as ten
    where inv.visit_id = dis.visit_id
        and inv.hospital_id = ten.hospital_id
        and inv.status = 'draft'
    returning inv.id
)

insert into demo.deeds (deed, number)
select 'drafts issued', count(*) from issued;
