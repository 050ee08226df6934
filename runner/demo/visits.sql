-- Days of care: visits by weekday and hour, what was ordered, and who was admitted.

create unlogged table demo.new_visits as
with tenant_days as (
    select
        ten.*,
        run.visits_per_day,
        run.patients,
        run.doctors,
        run.last_date,
        day.day::date as visit_date,
        (ten.hospital_id * 100000 + (day.day::date - date '2000-01-01')) as day_key,
        -- Sunday to Saturday
        (array[0.35, 1.30, 1.20, 1.15, 1.10, 1.15, 0.75])[
            extract(dow from day.day)::integer + 1
        ] as weekday_factor
    from demo.tenants as ten
    cross join demo.run
    cross join
        generate_series(run.first_date, run.last_date, interval '1 day') as day (day)
),

slots as (
    select
        tda.*,
        num.number,
        tda.day_key * 100000 + num.number as key
    from tenant_days as tda
    cross join lateral generate_series(
        1,
        greatest(
            1,
            round(
                tda.visits_per_day
                * tda.weekday_factor
                * (0.92 + 0.16 * demo.roll(tda.day_key, 40))
            )::integer
        )
    ) as num (number)
),

rolled as (
    select
        slt.*,
        case
            when demo.roll(slt.key, 41) < 0.86 then 'outpatient'
            when demo.roll(slt.key, 41) < 0.96 then 'emergency'
            else 'inpatient'
        end as visit_type,
        case
            when demo.roll(slt.key, 42) < 0.95 then 'completed'
            when demo.roll(slt.key, 42) < 0.97 then 'cancelled'
            else 'no_show'
        end as planned_status,
        demo.pick(slt.key, 43, 1, slt.doctors) as doctor_number,
        1
        + floor(slt.patients * power(demo.roll(slt.key, 44), 1.4))::bigint
            as patient_number
    from slots as slt
),

timed as (
    select
        rol.*,
        (
            rol.visit_date
            + make_interval(
                secs => floor(
                    3600 * case
                        when
                            rol.visit_type = 'emergency'
                            then 24 * demo.roll(rol.key, 45)
                        when demo.roll(rol.key, 45) < 0.6
                            then 7.5
                                + 2.5
                                * (demo.roll(rol.key, 46) + demo.roll(rol.key, 47))
                        else 13
                            + 2.5 * (demo.roll(rol.key, 46) + demo.roll(rol.key, 47))
                    end
                )
            )
        ) at time zone rol.time_zone as entered_at
    from rolled as rol
),

numbered as (
    select
        (select coalesce(max(vis.id), 0) from hms.visits as vis)
        + row_number()
            over (order by tim.visit_date, tim.hospital_id, tim.number)
            as id,
        tim.*,
        case
            when tim.visit_type = 'emergency' then (tim.hospital_id - 1) * 13 + 7
            when demo.roll(tim.key, 48) < 0.02 then null
            else (tim.hospital_id - 1) * 13 + (tim.doctor_number - 1) % 7 + 1
        end as department_id,
        (tim.hospital_id - 1) * tim.doctors + tim.doctor_number as doctor_id,
        (tim.hospital_id - 1) * tim.patients + tim.patient_number as patient_id,
        tim.entered_at + case
            when tim.visit_type = 'inpatient' then demo.hours(tim.key, 49, 20, 190)
            else demo.hours(tim.key, 49, 0.3, 2.5)
        end as leaves_at
    from timed as tim
)

select
    num.id,
    num.hospital_id,
    num.visit_date,
    num.patient_id,
    num.department_id,
    num.doctor_id,
    num.visit_type,
    num.entered_at,
    num.leaves_at,
    num.key,
    case
        -- the last patients of the last day still wait
        when num.planned_status = 'completed'
            and num.visit_date = num.last_date
            and num.visit_type = 'outpatient'
            and extract(hour from num.entered_at at time zone num.time_zone) >= 17
            then 'waiting'
        when num.visit_type = 'inpatient'
            and num.planned_status = 'completed'
            and num.leaves_at >= num.until
            then 'in_consultation'
        else num.planned_status
    end as status,
    row_number() over (
        partition by num.hospital_id, num.visit_date, num.doctor_id
        order by num.entered_at, num.id
    ) as queue_position
from numbered as num;

analyze demo.new_visits;

insert into hms.visits (
    id,
    hospital_id,
    serial_number,
    patient_id,
    department_id,
    doctor_id,
    visit_type,
    status,
    queue_position, entered_at, exited_at, created_at, updated_at
)
select
    vis.id,
    vis.hospital_id,
    'V' || lpad(vis.id::text, 9, '0'),
    vis.patient_id,
    vis.department_id,
    vis.doctor_id,
    vis.visit_type,
    vis.status,
    vis.queue_position,
    vis.entered_at,
    case when vis.status = 'completed' then vis.leaves_at end,
    demo.written(vis.entered_at),
    demo.written(
        case when vis.status = 'completed' then vis.leaves_at else vis.entered_at end
    )
from demo.new_visits as vis;

insert into hms.appointments (
    hospital_id, patient_id, doctor_id, department_id, visit_id, status, scheduled_at,
    created_at, updated_at
)
select
    vis.hospital_id,
    vis.patient_id,
    vis.doctor_id,
    vis.department_id,
    case when vis.status in ('completed', 'waiting', 'in_consultation') then vis.id end,
    case vis.status
        when 'cancelled' then 'cancelled' when 'no_show' then 'no_show' else 'arrived'
    end,
    vis.entered_at + interval '10 minutes',
    demo.written(vis.entered_at - interval '3 days'),
    demo.written(vis.entered_at)
from demo.new_visits as vis
where vis.visit_type = 'outpatient' and demo.roll(vis.key, 50) < 0.3;

insert into hms.consultations (
    hospital_id, visit_id, patient_id, doctor_id, diagnosis_code, started_at, ended_at,
    created_at, updated_at
)
select
    vis.hospital_id,
    vis.id,
    vis.patient_id,
    vis.doctor_id,
    (array['J06', 'I10', 'E11', 'K29', 'M54', 'B54', 'N39', 'Z34'])[
        demo.pick(vis.key, 51, 1, 8)
    ],
    vis.entered_at + interval '12 minutes',
    vis.entered_at + interval '18 minutes' + demo.hours(vis.key, 52, 0, 0.3),
    demo.written(vis.entered_at),
    demo.written(vis.entered_at + interval '18 minutes')
from demo.new_visits as vis
where vis.status in ('completed', 'in_consultation');

insert into hms.admissions (
    hospital_id,
    visit_id,
    patient_id,
    department_id,
    bed,
    status,
    admitted_at,
    discharged_at,
    created_at, updated_at
)
select
    vis.hospital_id,
    vis.id,
    vis.patient_id,
    (vis.hospital_id - 1) * 13 + 11,
    'B' || demo.pick(vis.key, 53, 1, 60),
    case
        when vis.status = 'in_consultation' then 'admitted'
        when demo.roll(vis.key, 54) < 0.01 then 'deceased'
        else 'discharged'
    end,
    vis.entered_at,
    case when vis.status = 'completed' then vis.leaves_at end,
    demo.written(vis.entered_at),
    demo.written(
        case when vis.status = 'completed' then vis.leaves_at else vis.entered_at end
    )
from demo.new_visits as vis
where vis.visit_type = 'inpatient' and vis.status in ('completed', 'in_consultation');
