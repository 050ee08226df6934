-- How large the hospitals are and how far they have lived.
select
    count(*)::integer as tenants,
    max((stg.value #>> '{}')::integer) as visits_per_day,
    max(lst.visit_date) as last_date
from hms.hospitals as hos
inner join pg_catalog.pg_timezone_names as zon on zon.name = hos.time_zone
inner join
    hms.settings as stg
    on stg.hospital_id = hos.id and stg.key = 'queue.daily_capacity'
cross join
    lateral (
        select (max(vis.entered_at) at time zone hos.time_zone)::date as visit_date
        from hms.visits as vis
        where vis.hospital_id = hos.id
    ) as lst
where hos.is_active
