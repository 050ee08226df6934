-- the released tables: the type of each column, what names a row, and which columns the last
-- build that was not undone had (null where its definition has no parts)
with last_builds as (
    select distinct on (bld.model)
        bld.model,
        bld.definition
    from almoner.model_builds as bld
    order by bld.model, bld.release_id desc
)

select
    tab.relname as name,
    (
        select json_object_agg(att.attname, format_type(att.atttypid, att.atttypmod))
        from pg_catalog.pg_attribute as att
        where
            att.attrelid = tab.oid
            and att.attnum > 0
            and not att.attisdropped
            and att.attname not in ('released_in', 'retired_in')
    ) as columns,
    array(
        select att.attname::text
        from pg_catalog.pg_index as ind
        inner join pg_catalog.pg_attribute as att
            on ind.indrelid = att.attrelid and att.attnum = any(ind.indkey)
        where
            ind.indexrelid = to_regclass('store.' || quote_ident(tab.relname || '__key'))
            and att.attname <> 'released_in'
    ) as key,
    (
        select array_agg(col.value ->> 0)
        from almoner.definitions as def
        cross join lateral jsonb_array_elements(def.parts -> 'columns') as col
        where def.definition = bld.definition
    ) as promised
from pg_catalog.pg_class as tab
left join last_builds as bld on tab.relname = bld.model
where
    tab.relnamespace = 'store'::regnamespace
    and tab.relkind in ('r', 'p')
    and not tab.relispartition
