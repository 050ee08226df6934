-- one row that could not land
select
    'landing' as stage,
    source_id as source,
    entity as table_name,
    tenant_id,
    reason,
    landed_in as release_id,
    file,
    line,
    recorded_at,
    row_data
from quarantine.rows
where row_id::text = %s
