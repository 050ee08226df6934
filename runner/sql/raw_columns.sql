-- every column that has landed or is fed onward, to compare with the contracts
select
    nsp.nspname as schema_name,
    cls.relname as table_name,
    att.attname as column_name,
    format_type(att.atttypid, null) as data_type
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_catalog.pg_attribute as att on cls.oid = att.attrelid
where
    (nsp.nspname like 'raw\_%' or nsp.nspname = 'feed')
    and cls.relkind = 'r'
    and att.attnum > 0
    and not att.attisdropped
