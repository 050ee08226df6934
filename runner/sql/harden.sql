-- run once, by the superuser of the embedded server: large objects, advisory locks and
-- messages in the write-ahead log are nothing that a reader needs
do $$
declare
    routine regprocedure;
begin
    for routine in
        select pro.oid
        from pg_catalog.pg_proc as pro
        where
            pro.pronamespace = 'pg_catalog'::regnamespace
            and pro.proname ~ '^(lo_|loread|lowrite|pg_advisory|pg_try_advisory|pg_logical_emit_message)'
    loop
        execute format('revoke execute on function %s from public', routine);
        execute format('grant execute on function %s to almoner', routine);
    end loop;
end
$$
