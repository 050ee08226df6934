-- tenants, days, visits a day and the last day of an operational database
select
    count(*)::int as tenants,
    max(lst.last_date - lst.first_date + 1) as days,
    max((stg.value #>> '{}')::int) as visits_per_day,
    max(lst.last_date) as last_date
from hms.hospitals as hos
inner join hms.settings as stg
    on hos.id = stg.hospital_id and stg.key = 'queue.daily_capacity'
cross join
    lateral (
        select
            (min(vis.entered_at) at time zone hos.time_zone)::date as first_date,
            (max(vis.entered_at) at time zone hos.time_zone)::date as last_date
        from hms.visits as vis
        where vis.hospital_id = hos.id
    ) as lst
where hos.is_active
