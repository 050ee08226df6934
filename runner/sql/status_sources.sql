-- how fresh each source is, and how much of it is held
select
    wat.source_id as source,
    count(*) as tables,
    sum(wat.row_count)::bigint as rows,
    greatest(
        max(wat.synced_at),
        case when wat.source_id = any(%s) then to_timestamp(max(loo.last_value)) end
    ) as read_at
from almoner.watermarks as wat
cross join almoner.looked_at as loo
group by wat.source_id
order by wat.source_id
