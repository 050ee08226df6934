-- how fresh each source is, and how much of it is held
select
    wat.source_id as source,
    count(*) as tables,
    sum(wat.row_count)::bigint as rows,
    max(wat.synced_at) as read_at
from almoner.watermarks as wat
group by wat.source_id
order by wat.source_id
