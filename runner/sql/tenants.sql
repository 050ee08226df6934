-- each tenant that a source has or had: what it reads, its rows in the journal and its logins
with names as (
    select
        tenant_id,
        tenant_name
    from {tenants}
),

posted as (
    select
        tenant_id,
        count(*) as row_count
    from {postings}
    group by tenant_id
)

select
    ids.tenant_id as tenant,
    split_part(ids.tenant_id, '_', 1) as source_id,
    nam.tenant_name as name,
    case
        when rem.tenant_id is not null then 'removed'
        when hel.tenant_id is not null then 'held'
        else 'known'
    end as state,
    poi.release_id as reads_release,
    coalesce(pos.row_count, 0) as postings,
    (
        select count(*)
        from almoner.readers as rea
        where
            rea.tenant_id = ids.tenant_id
            or rea.reads_all_tenants
            or exists (
                select from almoner.reader_tenants as one
                where one.role_name = rea.role_name and one.tenant_id = ids.tenant_id
            )
    ) as logins
from (
    select tenant_id from almoner.pointers
    union
    select tenant_id from almoner.removed_tenants
    union
    select tenant_id from names
) as ids
left join names as nam on ids.tenant_id = nam.tenant_id
left join almoner.pointers as poi on ids.tenant_id = poi.tenant_id
left join posted as pos on ids.tenant_id = pos.tenant_id
left join almoner.removed_tenants as rem on ids.tenant_id = rem.tenant_id
left join almoner.holds as hel
    on ids.tenant_id = hel.tenant_id and hel.lifted_at is null
order by ids.tenant_id
