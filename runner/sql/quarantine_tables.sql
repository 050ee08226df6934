-- the tables of which rows could not land
select
    source_id,
    entity,
    count(*) as size,
    bool_and(file is not null) as is_filed
from quarantine.rows
group by source_id, entity
order by source_id, entity
