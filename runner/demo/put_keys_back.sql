-- Build again what was set aside: unique constraints, then indexes,
-- then foreign keys; triggers last.

do $$
declare
    restoration text;
begin
    for restoration in
        select tak.restoration
        from demo.set_aside as tak
        order by tak.position, tak.table_name, tak.name
    loop
        execute restoration;
    end loop;
end
$$;
