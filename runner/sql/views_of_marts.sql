select cls.relname as name
from pg_catalog.pg_class as cls
where cls.relnamespace = 'marts'::regnamespace and cls.relkind = 'v'
order by cls.relname
