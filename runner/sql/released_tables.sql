-- the released tables that a release may have touched, partitioned or not: those it planned
select cls.relname as name
from pg_catalog.pg_class as cls
inner join almoner.plans as pla
    on cls.relname = pla.model and pla.release_id = %s
where cls.relnamespace = 'store'::regnamespace and cls.relkind in ('r', 'p')
order by cls.relname
