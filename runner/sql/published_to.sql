-- whether a release is published, and to how many tenants
select
    exists (
        select from almoner.releases as rel
        where rel.release_id = %s and rel.state = 'published'
    ) as is_published,
    (
        select count(*) from almoner.pointers as poi
        where poi.release_id = %s
    ) as tenants
