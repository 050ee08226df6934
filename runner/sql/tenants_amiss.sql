-- tenants that read an older release than the others, or nothing, and why; and how many
-- rows of each are set aside
with aside as (
    select
        tenant_id,
        count(*) as rows_set_aside,
        max(reject_reason) filter (where entity = 'tenants') as reason
    from core.fct_quarantined_rows
    group by tenant_id
    union all
    -- tables without a tenant
    select
        source_id || '_' as tenant_id,
        count(*) as rows_set_aside,
        null as reason
    from quarantine.rows
    where tenant_id is null
    group by source_id
),

held as (
    select
        tenant_id,
        reason
    from almoner.holds
    where lifted_at is null
)

select
    coalesce(poi.tenant_id, asi.tenant_id, hel.tenant_id) as tenant,
    poi.release_id as reads_release,
    coalesce(asi.rows_set_aside, 0) as rows_set_aside,
    case
        when hel.reason is not null then hel.reason
        when poi.release_id is null then coalesce(asi.reason, 'no source has this tenant')
        when poi.release_id < (select max(release_id) from almoner.pointers)
            then coalesce(asi.reason, 'its source no longer has it')
    end as held_because
from almoner.pointers as poi
full join aside as asi on poi.tenant_id = asi.tenant_id
full join held as hel on coalesce(poi.tenant_id, asi.tenant_id) = hel.tenant_id
where
    asi.tenant_id is not null
    or hel.tenant_id is not null
    or poi.release_id < (select max(release_id) from almoner.pointers)
order by tenant
