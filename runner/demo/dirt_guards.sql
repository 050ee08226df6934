-- What an operational database that has lost its guards would let in: nothing is checked,
-- unique or referenced any more, and what may be missing is.
do $$
declare
    guard record;
begin
    for guard in
        select
            con.conrelid::regclass as place,
            con.conname
        from pg_catalog.pg_constraint as con
        where con.connamespace = 'hms'::regnamespace and con.contype in ('c', 'f', 'u', 'p')
        -- a key that is referenced goes after what refers to it
        order by con.contype <> 'f', con.conrelid, con.conname
    loop
        execute format('alter table %s drop constraint %I', guard.place, guard.conname);
    end loop;
    for guard in
        select
            att.attrelid::regclass as place,
            att.attname,
            att.attidentity <> '' as is_identity
        from pg_catalog.pg_attribute as att
        inner join pg_catalog.pg_class as cls on att.attrelid = cls.oid
        where
            cls.relnamespace = 'hms'::regnamespace
            and cls.relkind = 'r'
            and att.attnum > 0
            and att.attnotnull
            -- the counters of the keys are still used
            and att.attidentity = ''
    loop
        execute format(
            'alter table %s alter column %I drop not null', guard.place, guard.attname
        );
    end loop;
    for guard in
        select
            att.attrelid::regclass as place,
            att.attname
        from pg_catalog.pg_attribute as att
        inner join pg_catalog.pg_class as cls on att.attrelid = cls.oid
        where
            cls.relnamespace = 'hms'::regnamespace
            and cls.relkind = 'r'
            and cls.relname in ('payments', 'invoice_items')
            and att.attname in ('amount', 'quantity')
    loop
        -- without a precision a number may be infinite
        execute format('alter table %s alter column %I type numeric', guard.place, guard.attname);
    end loop;
    for guard in
        select trg.tgrelid::regclass as place
        from pg_catalog.pg_trigger as trg
        inner join pg_catalog.pg_class as cls on trg.tgrelid = cls.oid
        where cls.relnamespace = 'hms'::regnamespace and trg.tgname = 'touch_updated_at'
    loop
        execute format('alter table %s disable trigger touch_updated_at', guard.place);
    end loop;
end
$$;
