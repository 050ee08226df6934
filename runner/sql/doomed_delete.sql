with doomed as materialized ({doomed}),

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
