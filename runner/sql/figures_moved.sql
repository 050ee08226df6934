-- keys are compared as arrays, in which a null equals a null
with figures_after as (
    select
        array[{key}]::text[] as row_key,
        mar.*
    from {mart} as mar
    where {condition}
)

select
    coalesce(bef.row_key, aft.row_key) as row_key,
    fig.name,
    fig.before,
    fig.after
from pg_temp.figures_before as bef
full join figures_after as aft on bef.row_key = aft.row_key
cross join lateral (values {figures}) as fig (position, name, before, after, is_moved)
where fig.is_moved
order by {order}, fig.position
