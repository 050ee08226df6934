-- news that every model has consumed: whatever there was before a release was built is part of it
select
    sto.ctid as place,
    pg_column_size(sto.*)::bigint as size
from {table} as sto
where
    sto.ctid >= {first} and sto.ctid < {past}
    and sto.release_id <= {newest}
