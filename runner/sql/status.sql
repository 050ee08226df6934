select
    current_setting('server_version') as version,
    pg_size_pretty(pg_database_size(current_database())) as size,
    (select max(poi.release_id) from almoner.pointers as poi) as release_id,
    (
        select rel.finished_at
        from almoner.releases as rel
        where rel.release_id = (select max(poi.release_id) from almoner.pointers as poi)
    ) as published_at,
    (select rel.release_id from almoner.releases as rel where rel.state = 'building') as building,
    (select count(*) from almoner.pointers) as tenants,
    (select count(*) from almoner.readers) as readers
