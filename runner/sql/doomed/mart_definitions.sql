-- definitions that hold at no kept release
sto.release_id <= {newest}
and not exists (
    select from unnest({kept}::int[]) as kept (release_id)
    where
        kept.release_id >= sto.release_id
        and not exists (
            select from {table} as newer
            where
                newer.mart = sto.mart
                and newer.release_id > sto.release_id
                and newer.release_id <= kept.release_id
        )
)
