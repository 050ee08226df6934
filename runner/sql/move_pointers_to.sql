-- to an older release for all who read a newer one; to a newer one, after a rollback, for
-- those who read the newest that is read, if the release has them. Who was held at that
-- release reads what it read then.
update almoner.pointers as poi
set release_id = coalesce(
    (
        select hol.reads_release
        from almoner.holds as hol
        where
            hol.tenant_id = poi.tenant_id
            and hol.since_release <= %(release)s
            and coalesce(hol.until_release > %(release)s, hol.lifted_at is null)
    ),
    %(release)s
)
where
    poi.release_id > %(release)s
    or (
        poi.release_id = (select max(newest.release_id) from almoner.pointers as newest)
        and exists (
            select from store.dim_tenants as ten
            where
                ten.tenant_id = poi.tenant_id
                and ten.released_in <= %(release)s
                and ten.retired_in > %(release)s
        )
    )
