-- the business date of now, for a tenant as it is published
select
    (
        clock_timestamp() at time zone ten.time_zone
        - make_interval(mins => ten.day_cutoff_minutes)
    )::date as business_date
from almoner.pointers as poi
inner join store.dim_tenants as ten
    on
        poi.tenant_id = ten.tenant_id
        and ten.released_in <= poi.release_id
        and ten.retired_in > poi.release_id
where poi.tenant_id = %s
