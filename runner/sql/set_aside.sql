-- What is set aside of a table is what its source has now: a mended row leaves by itself.
with removed as (
    {removed}
),

found as (
    select
        rem.*,
        row_number() over (
            partition by rem.reason, rem.row_data order by rem.file, rem.line
        ) as copy
    from removed as rem
),

gone as (
    delete from quarantine.rows as old
    where
        old.source_id = {source}
        and old.entity = {entity}
        and {replaced}
        and not exists (
            select from found as fou
            where
                fou.reason = old.reason
                and fou.row_data = old.row_data
                and fou.copy = old.copy
        )
    returning old.tenant_id, old.row_id
),

-- a row that stands elsewhere in its file, or in another, is the same row
moved as (
    update quarantine.rows as old
    set file = fou.file, line = fou.line
    from found as fou
    where
        old.source_id = {source}
        and old.entity = {entity}
        and fou.reason = old.reason
        and fou.row_data = old.row_data
        and fou.copy = old.copy
        and (fou.file, fou.line) is distinct from (old.file, old.line)
),

added as (
    insert into quarantine.rows (
        source_id, tenant_id, entity, reason, copy, row_data, recorded_at, landed_in, file, line
    )
    select
        {source},
        fou.tenant_id,
        {entity},
        fou.reason,
        fou.copy,
        fou.row_data,
        fou.recorded_at,
        {release},
        fou.file,
        fou.line
    from found as fou
    where
        not exists (
            select from quarantine.rows as old
            where
                old.source_id = {source}
                and old.entity = {entity}
                and old.reason = fou.reason
                and old.row_data = fou.row_data
                and old.copy = fou.copy
        )
    returning tenant_id, row_id
),

fed as (
    insert into feed.quarantine__rows (release_id, source_id, tenant_id, entity, row_id)
    select {release}, {source}, gon.tenant_id, {entity}, gon.row_id from gone as gon
    union all
    select {release}, {source}, add.tenant_id, {entity}, add.row_id from added as add
)

select
    (select count(*) from found) as aside,
    (select count(*) from added) as added,
    (select count(*) from gone) as gone
