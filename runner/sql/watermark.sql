-- up to where a table of a source was read
select
    wat.server_identity,
    wat.snapshot_xmin,
    wat.row_count,
    rea.cursor_from
from almoner.watermarks as wat
left join almoner.readings as rea
    on wat.source_id = rea.source_id and wat.table_name = rea.table_name
where wat.source_id = %s and wat.table_name = %s
