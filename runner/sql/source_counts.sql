-- the rows of a source table, those changed since the watermark, and where the first few are
select
    seen.total,
    coalesce(cardinality(seen.places), 0) as changed,
    coalesce(seen.places[:{few}], '{{}}')::text as places
from (
    select
        count(*) as total,
        array_agg(ctid) filter (where {changed}) as places
    from {table}
) as seen
