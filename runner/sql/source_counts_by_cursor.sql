-- the wanted rows of a source table, those that its cursor column tells as changed, and those
-- that are not wanted
select
    seen.total,
    seen.skipped,
    (select count(*) from {table} where {changed} and {wanted}) as changed
from (
    select
        count(*) filter (where {wanted}) as total,
        count(*) filter (where not {wanted}) as skipped
    from {table}
) as seen
