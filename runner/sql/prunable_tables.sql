-- the tables that pruning deletes from, partitions each by itself, with their size in pages
select
    nsp.nspname as schema_name,
    cls.relname as name,
    coalesce(par.relname, cls.relname) as table_name,
    pg_relation_size(cls.oid) / current_setting('block_size')::int as pages
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
left join pg_catalog.pg_inherits as inh on cls.oid = inh.inhrelid
left join pg_catalog.pg_class as par on inh.inhparent = par.oid
where
    cls.relkind = 'r'
    and (
        nsp.nspname in ('store', 'feed')
        or (
            nsp.nspname = 'almoner'
            and cls.relname in ('plans', 'model_builds', 'mart_definitions', 'feed_log')
        )
    )
order by nsp.nspname desc, table_name, cls.relname
