-- every table that holds rows of a tenant or, without one, of a source; whole tables, not
-- their partitions
select
    nsp.nspname as schema_name,
    cls.relname as table_name,
    max(att.attname::text) as owner_column
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_catalog.pg_attribute as att on cls.oid = att.attrelid
where
    cls.relkind in ('r', 'p')
    and not cls.relispartition
    and att.attname in ('tenant_id', 'source_id')
    and not att.attisdropped
    and (
        nsp.nspname in ('almoner', 'store', 'feed', 'work', 'quarantine', 'snapshots')
        or nsp.nspname like 'raw\_%'
    )
    and cls.oid <> 'almoner.removed_tenants'::regclass
group by nsp.nspname, cls.relname
order by nsp.nspname, cls.relname
