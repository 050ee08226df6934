-- every index of a raw table: its name, its columns in order, and whether it is the key
select
    nsp.nspname as schema_name,
    tab.relname as table_name,
    idx.relname as index_name,
    ind.indisprimary as is_key,
    array_agg(att.attname::text order by key.position) as column_names
from pg_catalog.pg_index as ind
inner join pg_catalog.pg_class as tab on ind.indrelid = tab.oid
inner join pg_catalog.pg_class as idx on ind.indexrelid = idx.oid
inner join pg_catalog.pg_namespace as nsp on tab.relnamespace = nsp.oid
cross join lateral unnest(ind.indkey) with ordinality as key (attnum, position)
inner join pg_catalog.pg_attribute as att
    on ind.indrelid = att.attrelid and key.attnum = att.attnum
where nsp.nspname like 'raw\_%' and tab.relkind = 'r'
group by nsp.nspname, tab.relname, idx.relname, ind.indisprimary
