-- the columns of each unique index of a source's tables: what tells two rows apart there
select
    cls.relname as table_name,
    array_agg(att.attname::text) as columns
from pg_catalog.pg_index as idx
inner join pg_catalog.pg_class as cls on idx.indrelid = cls.oid
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
cross join lateral unnest(idx.indkey::int2[]) with ordinality as col (attnum, position)
inner join pg_catalog.pg_attribute as att
    on cls.oid = att.attrelid and col.attnum = att.attnum
where
    nsp.nspname = %s
    and idx.indisunique
    and idx.indisvalid
    and idx.indimmediate
    and idx.indpred is null
    and idx.indexprs is null
    and col.position <= idx.indnkeyatts
group by idx.indexrelid, cls.relname
