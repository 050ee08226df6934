select
    current_setting('server_version') as version,
    pg_size_pretty(pg_database_size(current_database())) as size,
    (select max(poi.release_id) from almoner.pointers as poi) as release_id,
    (
        select rel.finished_at
        from almoner.releases as rel
        where rel.release_id = (select max(poi.release_id) from almoner.pointers as poi)
    ) as published_at,
    (select max(rel.release_id) from almoner.releases as rel where rel.state = 'published') as newest,
    (select rel.release_id from almoner.releases as rel where rel.state = 'building') as building,
    exists (
        select from pg_locks as loc
        where
            loc.locktype = 'advisory'
            and loc.database = (
                select dat.oid from pg_database as dat where dat.datname = current_database()
            )
            and loc.classid = 0
            and loc.objid = %s
    ) as is_locked,
    (
        select coalesce(array_agg(poi.tenant_id order by poi.tenant_id), '{}')
        from almoner.pointers as poi
    ) as tenants,
    (select count(*) from almoner.readers) as readers
