-- of several rows with one key the latest stays; the others are set aside with their reason
with ranked as (
    select
        lan.ctid as row_id,
        row_number() over (
            partition by {key} order by {newest} desc nulls last, lan::text
        ) as position
    from {where} as lan
),

removed as (
    delete from {where} as lan
    using ranked as ran
    where lan.ctid = ran.row_id and ran.position > 1
    returning to_jsonb(lan) as row_data
)

insert into quarantine.rows (source_id, table_name, release_id, reason, row_data)
select {source}, {table}, {release}, 'duplicate key', row_data
from removed
