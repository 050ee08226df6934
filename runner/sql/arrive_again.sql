-- the rows of files that are set aside; what was no row is still none
insert into {arrived} ({columns})
select
    array_position({paths}::text[], old.file),
    old.line,
    case when old.row_data ? 'line' and old.row_data - 'line' = '{{}}' then old.reason end,
    case when old.row_data ? 'line' and old.row_data - 'line' = '{{}}' then old.row_data ->> 'line' end,
    {values}
from quarantine.rows as old
where old.source_id = {source} and old.entity = {entity} and old.file is not null
