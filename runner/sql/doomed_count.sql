-- count and weigh what is to go of some pages of a table
with doomed as (
    select
        sto.ctid as place,
        pg_column_size(sto.*)::bigint as size
    from {table} as sto
    where sto.ctid >= {first} and sto.ctid < {past} and ({doomed})
)

select
    count(*) as rows,
    coalesce(sum(doo.size), 0)::bigint as bytes
from doomed as doo
