-- a source's tables: their kind, and each column with its type and whether it may be read
select
    cls.relname as table_name,
    cls.oid::text as oid,
    case
        -- rights by column do not reach what tells changed rows, unless they name it
        when
            cls.relkind = 'r'
            and not (
                has_column_privilege(cls.oid, 'xmin', 'select')
                and has_column_privilege(cls.oid, 'ctid', 'select')
            )
            then 'hidden'
        else cls.relkind::text
    end as kind,
    att.attname as column_name,
    case
        when typ.typtype in ('e', 'd') then 'enum or domain'
        else format_type(att.atttypid, null)
    end as data_type,
    has_schema_privilege(nsp.oid, 'usage')
    and has_column_privilege(cls.oid, att.attnum, 'select') as is_readable
from pg_catalog.pg_class as cls
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_catalog.pg_attribute as att on cls.oid = att.attrelid
inner join pg_catalog.pg_type as typ on att.atttypid = typ.oid
where
    nsp.nspname = %s
    and cls.relkind in ('r', 'p', 'v', 'm', 'f')
    and att.attnum > 0
    and not att.attisdropped
