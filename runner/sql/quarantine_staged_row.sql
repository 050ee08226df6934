-- one row that staging set aside, as of the last published release
select
    'staging' as stage,
    split_part(tenant_id, '_', 1) as source,
    entity as table_name,
    tenant_id,
    reject_reason as reason,
    released_in as release_id,
    null as file,
    null as line,
    recorded_at,
    rejected_row as row_data
from {staging} as quarantined
where concat_ws(':', tenant_id, entity, document_id, row_id) = {name}
