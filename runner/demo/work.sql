-- The workshop: the run's parameters, its tenants and its dice, dropped when the run
-- ends. demo.run holds one row and is filled before this script.

create unlogged table demo.tenants as
select
    hos.id as hospital_id,
    hos.time_zone,
    hos.currency_code,
    case hos.currency_code when 'XAF' then 0 else 2 end as exponent,
    case hos.currency_code when 'XAF' then 250 else 1 end as price_scale,
    run.first_date::timestamp at time zone hos.time_zone as since,
    (run.last_date + 1)::timestamp at time zone hos.time_zone as until
from hms.hospitals as hos
cross join demo.run
-- a hospital whose zone nobody knows has no days
inner join pg_catalog.pg_timezone_names as zon on zon.name = hos.time_zone
where hos.is_active;

analyze demo.tenants;

do $$
declare
    seed bigint := (select run.seed from demo.run);
    written text := (
        select case when run.is_live then 'now()' else '$1' end from demo.run
    );
begin
    execute format(
        'create function demo.roll(key bigint, salt integer) returns double precision '
        'language sql immutable parallel safe return '
        '((hashint8extended($1, %s::bigint * 1000 + $2) >> 11) & 9007199254740991) '
        '/ 9007199254740992::double precision',
        seed
    );
    execute format(
        'create function demo.written(happened_at timestamptz) returns timestamptz '
        'language sql stable parallel safe return %s',
        written
    );
end
$$;

create function demo.pick(key bigint, salt integer, low integer, high integer)
returns integer
language sql immutable parallel safe
return $3 + floor(demo.roll($1, $2) * ($4 - $3 + 1))::integer;

create function demo.hours(
    key bigint, salt integer, low double precision, high double precision
)
returns interval
language sql immutable parallel safe
return make_interval(secs => floor(3600 * ($3 + demo.roll($1, $2) * ($4 - $3))));

-- Keys drawn from 1 to the highest, the same on the same day.
create function demo.draws(
    salt integer, number integer, highest bigint
) returns setof bigint
language sql stable
begin atomic
    select distinct
        1
        + floor(
            demo.roll(run.last_date - date '2000-01-01' + 100003 * num.number, $1) * $3
        )::bigint
    from demo.run
    cross join generate_series(1, $2) as num (number);
end;
