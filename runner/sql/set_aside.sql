-- rows without a key, and all but one of several with the same key, cannot land. What is
-- set aside of a table is what its source has now: a mended row leaves by itself.
with judged as (
    select
        lan.ctid as place,
        case
            when {keyless} then 'row without its key'
            when
                row_number() over (
                    partition by {key} order by {newest} desc nulls last, lan::text
                ) > 1
                then 'duplicate key'
        end as reason
    from {where} as lan
),

removed as (
    delete from {where} as lan
    using judged as jud
    where lan.ctid = jud.place and jud.reason is not null
    returning jud.reason, to_jsonb(lan) - 'landed_in' as row_data
),

found as (
    select
        rem.reason,
        rem.row_data,
        row_number() over (partition by rem.row_data) as copy
    from removed as rem
),

gone as (
    delete from quarantine.rows as old
    where
        old.source_id = {source}
        and old.entity = {entity}
        and not exists (
            select from found as fou
            where
                fou.reason = old.reason
                and fou.row_data = old.row_data
                and fou.copy = old.copy
        )
    returning old.tenant_id, old.row_id
),

added as (
    insert into quarantine.rows (
        source_id, tenant_id, entity, reason, copy, row_data, recorded_at, landed_in
    )
    select
        {source},
        fou.row_data ->> 'tenant_id',
        {entity},
        fou.reason,
        fou.copy,
        fou.row_data,
        (fou.row_data ->> {cursor})::timestamptz,
        {release}
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
