-- definitions that hold at no kept release
select
    sto.ctid as place,
    pg_column_size(sto.*)::bigint as size
from {table} as sto
where
    sto.ctid >= {first} and sto.ctid < {past}
    and sto.release_id <= {newest}
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
