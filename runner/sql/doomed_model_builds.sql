-- builds of a model before its last one
select
    sto.ctid as place,
    pg_column_size(sto.*)::bigint as size
from {table} as sto
where
    sto.ctid >= {first} and sto.ctid < {past}
    and exists (
        select from {table} as newer
        where newer.model = sto.model and newer.release_id > sto.release_id
    )
