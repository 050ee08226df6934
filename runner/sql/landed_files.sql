-- the files from which a table landed last
select
    fil.path,
    fil.size,
    fil.modified_ns,
    fil.sha256
from almoner.landed_files as fil
inner join almoner.watermarks as wat
    on
        fil.source_id = wat.source_id
        and fil.table_name = wat.table_name
        and fil.release_id = wat.release_id
where fil.source_id = %s and fil.table_name = %s and fil.is_appended = %s
