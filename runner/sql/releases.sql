-- every release, newest first, with what it landed, how many tenants read it and why it is kept
with landed as (
    select
        lan.release_id,
        sum(lan.rows_landed)::bigint as rows_landed,
        sum(lan.rows_deleted)::bigint as rows_deleted,
        sum(lan.rows_quarantined)::bigint as rows_quarantined
    from almoner.landings as lan
    group by lan.release_id
),

read_by as (
    select
        poi.release_id,
        count(*) as tenant_count
    from almoner.pointers as poi
    group by poi.release_id
)

select
    rel.release_id,
    rel.state,
    rel.started_at,
    rel.finished_at,
    coalesce(lan.rows_landed, 0) as rows_landed,
    coalesce(lan.rows_deleted, 0) as rows_deleted,
    coalesce(lan.rows_quarantined, 0) as rows_quarantined,
    coalesce(rea.tenant_count, 0) as tenant_count,
    rel.reason,
    rel.pruned_at,
    pin.reason as pinned
from almoner.releases as rel
left join landed as lan on rel.release_id = lan.release_id
left join read_by as rea on rel.release_id = rea.release_id
left join almoner.pins as pin on rel.release_id = pin.release_id
order by rel.release_id desc
