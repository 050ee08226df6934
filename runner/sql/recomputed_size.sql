-- the bytes of released tables, with partitions and indexes; of all that landed before there are
-- any
select
    coalesce(
        sum(pg_total_relation_size(cls.oid)) filter (
            where cls.relnamespace = 'store'::regnamespace
        ),
        sum(pg_total_relation_size(cls.oid)),
        0
    )::bigint as size
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
left join pg_catalog.pg_inherits as inh on cls.oid = inh.inhrelid
left join pg_catalog.pg_class as par on inh.inhparent = par.oid
where
    cls.relkind = 'r'
    and (
        nsp.nspname like 'raw\_%%'
        or (nsp.nspname = 'store' and coalesce(par.relname, cls.relname) = any(%s))
    )
