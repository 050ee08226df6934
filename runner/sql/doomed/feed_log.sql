-- news that is the latest of no kept release, nor the last that left no rows in the feed
sto.release_id <= {newest}
and not exists (
    select from unnest({kept}::int[]) as kept (release_id)
    where
        kept.release_id >= sto.release_id
        and not exists (
            select from {table} as newer
            where
                newer.feed = sto.feed
                and newer.release_id > sto.release_id
                and newer.release_id <= kept.release_id
        )
)
and (
    not sto.is_full
    or exists (
        select from {table} as newer
        where newer.feed = sto.feed and newer.release_id > sto.release_id and newer.is_full
    )
)
