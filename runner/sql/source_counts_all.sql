-- the wanted rows of a source table, all of them to be read, and those that are not wanted
select
    count(*) filter (where {wanted}) as total,
    count(*) filter (where {wanted}) as changed,
    count(*) filter (where not {wanted}) as skipped
from {table}
