-- superseded rows that no kept release sees
select
    sto.ctid as place,
    pg_column_size(sto.*)::bigint as size
from {table} as sto
where
    sto.ctid >= {first} and sto.ctid < {past}
    and sto.retired_in <= {newest}
    and not exists (
        select from unnest({kept}::int[]) as kept (release_id)
        where kept.release_id >= sto.released_in and kept.release_id < sto.retired_in
    )
