-- the wanted rows of a source table, those changed since the watermark, where the first few
-- are, and the rows that are not wanted
select
    seen.total,
    seen.skipped,
    coalesce(cardinality(seen.places), 0) as changed,
    coalesce(seen.places[:{few}], '{{}}')::text as places
from (
    select
        count(*) filter (where {wanted}) as total,
        count(*) filter (where not {wanted}) as skipped,
        array_agg(ctid) filter (where {changed} and {wanted}) as places
    from {table}
) as seen
