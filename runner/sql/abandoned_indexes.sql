-- what an interrupted `reindex concurrently` has left of a new or an old index
select
    nsp.nspname as schema_name,
    cls.relname as name
from pg_catalog.pg_index as ind
inner join pg_catalog.pg_class as cls on ind.indexrelid = cls.oid
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
where
    not ind.indisvalid
    and cls.relname ~ '_cc(new|old)[0-9]*$'
    and nsp.nspname in ('store', 'feed', 'almoner')
