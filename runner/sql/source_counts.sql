-- the rows of a source table, those changed since the watermark, and where the first few are
select
    count(*) as total,
    count(*) filter (where {changed}) as changed,
    coalesce(
        (array_agg(ctid) filter (where {changed}))[:{few}], '{{}}'
    )::text as places
from {table}
