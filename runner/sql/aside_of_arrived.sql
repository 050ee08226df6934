-- rows of files that were judged as not to land, as they stand there
select
    arr."@problem" as reason,
    case
        when arr."@spoilt" is not null then jsonb_build_object('line', arr."@spoilt")
        else to_jsonb(arr) - array['@file', '@line', '@problem', '@spoilt']
    end as row_data,
    {tenant} as tenant_id,
    {recorded}::timestamptz as recorded_at,
    ({files}::text[])[arr."@file"] as file,
    arr."@line" as line
from {arrived} as arr
where arr."@problem" is not null
