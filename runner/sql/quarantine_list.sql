-- what is set aside, counted by reason: rows that could not land, and rows that staging set
-- aside, as of the last published release
with landing_rows as (
    select
        source_id as source,
        split_part(entity, '.', 2) as table_name,
        tenant_id,
        'landing' as stage,
        reason,
        landed_in,
        row_id::text as example
    from quarantine.rows
),

staging_rows as (
    select
        split_part(quarantined.tenant_id, '_', 1) as source,
        quarantined.entity as table_name,
        quarantined.tenant_id,
        'staging' as stage,
        quarantined.reject_reason as reason,
        quarantined.released_in as landed_in,
        concat_ws(
            ':', quarantined.tenant_id, quarantined.entity, quarantined.document_id,
            quarantined.row_id
        ) as example
    from {staging} as quarantined
    -- those that could not land have the system before their table's name
    where quarantined.entity not like '%.%'
),

every_row as (
    select * from landing_rows
    union all
    select * from staging_rows
)

select
    stage,
    source,
    table_name,
    count(*) as rows,
    count(distinct tenant_id) as tenant_count,
    min(landed_in) as first_release,
    max(landed_in) as last_release,
    min(example) as example,
    reason
from every_row
where
    ({source}::text is null or source = {source})
    and ({table}::text is null or table_name = {table})
    and ({tenant}::text is null or tenant_id = {tenant})
group by stage, source, table_name, reason
order by source, stage, table_name, count(*) desc, reason
