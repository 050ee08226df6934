-- the released tables, partitioned or not
select cls.relname as name
from pg_catalog.pg_class as cls
where
    cls.relnamespace = 'store'::regnamespace
    and cls.relkind in ('r', 'p')
    and not cls.relispartition
order by cls.relname
