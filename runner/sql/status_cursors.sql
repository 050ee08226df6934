-- the large tables whose cursor is kept by their source, and how they were read
select
    rea.source_id as source,
    split_part(rea.table_name, '__', 2) as table,
    rea.rule as read_by,
    rea.refusal as because,
    rea.verified_at
from almoner.readings as rea
inner join almoner.watermarks as wat
    on rea.source_id = wat.source_id and rea.table_name = wat.table_name
where
    wat.row_count >= %s
    and (rea.rule = 'cursor' or rea.refusal is not null or rea.cursor_from is not null)
order by rea.source_id, rea.table_name
