-- Remember and drop foreign keys, unique constraints and indexes, and stop triggers, so
-- that rows load fast.

create table demo.set_aside as
select
    con.conrelid::regclass::text as table_name,
    con.conname::text as name,
    case con.contype when 'f' then 3 else 1 end as position,
    format(
        'alter table %s add constraint %I %s',
        con.conrelid::regclass,
        con.conname,
        pg_get_constraintdef(con.oid)
    ) as restoration,
    format('alter table %s drop constraint %I', con.conrelid::regclass, con.conname)
        as removal
from pg_catalog.pg_constraint as con
inner join pg_catalog.pg_namespace as nsp on nsp.oid = con.connamespace
where nsp.nspname = 'hms' and con.contype in ('f', 'u')
union all
select
    idx.indrelid::regclass::text,
    idx.indexrelid::regclass::text,
    2,
    pg_get_indexdef(idx.indexrelid),
    format('drop index %s', idx.indexrelid::regclass)
from pg_catalog.pg_index as idx
inner join pg_catalog.pg_class as cls on cls.oid = idx.indrelid
inner join pg_catalog.pg_namespace as nsp on nsp.oid = cls.relnamespace
left join
    pg_catalog.pg_constraint as con
    on con.conindid = idx.indexrelid and con.contype in ('p', 'u')
where nsp.nspname = 'hms' and con.oid is null
union all
-- the past keeps its own dates
select
    trg.tgrelid::regclass::text,
    trg.tgname::text,
    4,
    format('alter table %s enable trigger %I', trg.tgrelid::regclass, trg.tgname),
    format('alter table %s disable trigger %I', trg.tgrelid::regclass, trg.tgname)
from pg_catalog.pg_trigger as trg
inner join pg_catalog.pg_class as cls on cls.oid = trg.tgrelid
inner join pg_catalog.pg_namespace as nsp on nsp.oid = cls.relnamespace
where nsp.nspname = 'hms' and trg.tgname = 'touch_updated_at';

do $$
declare
    removal text;
begin
    for removal in
        select tak.removal
        from demo.set_aside as tak
        order by tak.position desc, tak.table_name, tak.name
    loop
        execute removal;
    end loop;
end
$$;
