-- how fresh each source is, and how much of it is held
select
    wat.source_id as source,
    count(*) as tables,
    sum(wat.row_count)::bigint as row_count,
    max(wat.synced_at) as synced_at,
    max(wat.release_id) as release_id
from almoner.watermarks as wat
group by wat.source_id
order by wat.source_id
