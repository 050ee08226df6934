-- what a source table really has: its kind, columns and types
select
    cls.relkind::text as kind,
    att.attname as column_name,
    format_type(att.atttypid, null) as data_type
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_catalog.pg_attribute as att on cls.oid = att.attrelid
where
    nsp.nspname = %s
    and cls.relname = %s
    and att.attnum > 0
    and not att.attisdropped
