-- delete what is to go of some pages of a table
with doomed as materialized (
    select
        sto.ctid as place,
        pg_column_size(sto.*)::bigint as size
    from {table} as sto
    where sto.ctid >= {first} and sto.ctid < {past} and ({doomed})
),

gone as (
    delete from {table} as sto
    using doomed as doo
    where sto.ctid = doo.place
    returning doo.size
)

select
    count(*) as rows,
    coalesce(sum(gon.size), 0)::bigint as bytes
from gone as gon
