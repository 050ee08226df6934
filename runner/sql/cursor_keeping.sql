-- by table, the columns that an index finds and that triggers write at insert and at update
with columns_written as (
    select
        trg.tgrelid,
        trg.tgtype,
        att.attname,
        att.attnum
    from pg_catalog.pg_trigger as trg
    inner join pg_catalog.pg_proc as pro on trg.tgfoid = pro.oid
    inner join pg_catalog.pg_attribute as att on trg.tgrelid = att.attrelid
    where
        not trg.tgisinternal
        and trg.tgenabled in ('O', 'A')
        -- before, for each row, always
        and trg.tgtype & 3 = 3
        and trg.tgqual is null
        and cardinality(trg.tgattr::int2[]) = 0
        and att.attnum > 0
        and pro.prosrc ~* ('\mnew\s*\.\s*"?' || att.attname || '"?\s*(:=|=)')
)

select
    cls.relname as table_name,
    wri.attname as column_name,
    bool_or(wri.tgtype & 4 = 4) and bool_or(wri.tgtype & 16 = 16) as is_kept,
    exists (
        select from pg_catalog.pg_index as idx
        where
            idx.indrelid = cls.oid
            and idx.indisvalid
            and idx.indpred is null
            and idx.indkey[0] = wri.attnum
    ) as is_indexed
from columns_written as wri
inner join pg_catalog.pg_class as cls on wri.tgrelid = cls.oid
inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
where nsp.nspname = %s
group by cls.oid, cls.relname, wri.attname, wri.attnum
