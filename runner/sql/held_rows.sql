-- about how many rows each table holds, superseded ones included, by the name of its feed
select
    case
        when nsp.nspname like 'raw\_%' or nsp.nspname in ('quarantine', 'almoner')
            then nsp.nspname || '__' || tab.relname
        else tab.relname::text
    end as feed,
    sum(greatest(leaf.reltuples, 0))::bigint as size
from pg_catalog.pg_class as tab
inner join pg_catalog.pg_namespace as nsp on tab.relnamespace = nsp.oid
left join pg_catalog.pg_inherits as inh on tab.oid = inh.inhparent
inner join pg_catalog.pg_class as leaf on coalesce(inh.inhrelid, tab.oid) = leaf.oid
where
    (
        nsp.nspname in ('store', 'seeds', 'snapshots', 'quarantine')
        or nsp.nspname like 'raw\_%'
        or tab.oid in (
            'almoner.tenant_policies'::regclass,
            'almoner.revenue_targets'::regclass,
            'almoner.landed_write_offs'::regclass
        )
    )
    and tab.relkind in ('r', 'p')
    and not tab.relispartition
group by nsp.nspname, tab.relname
