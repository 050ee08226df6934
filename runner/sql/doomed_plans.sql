-- what was planned in releases that are gone
select
    sto.ctid as place,
    pg_column_size(sto.*)::bigint as size
from {table} as sto
where
    sto.ctid >= {first} and sto.ctid < {past}
    and sto.release_id <= {newest}
    and sto.release_id <> all({kept}::int[])
