-- Key counters go on after the keys that the scripts chose.

do $$
declare
    table_name text;
begin
    for table_name in
        select tab.tablename
        from pg_catalog.pg_tables as tab
        where tab.schemaname = 'hms'
    loop
        execute format(
            'select setval('
            'pg_get_serial_sequence(%L, ''id''), '
            'greatest(1, (select max(id) from hms.%I))'
            ')',
            'hms.' || table_name,
            table_name
        );
    end loop;
end
$$;
