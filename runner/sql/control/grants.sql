-- what may be done by whom; the comments that readers see
comment on schema marts is
'Report marts. The comment of a view begins with what one row of it is; every column has one. '
'A code such as A5 names a rule of the project''s models/ACCOUNTING.md.';
comment on schema marts_group is
'The report marts of several tenants, for the readers of a hospital group.';

revoke all on schema public from public;
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end
$$;

revoke execute on all functions in schema almoner from public;
grant usage on schema almoner to almoner_gate, almoner_group_gate, almoner_reader;
grant execute on function
almoner.reader_tenant(), almoner.reader_release(), almoner.reader_role(),
almoner.reader_departments(), almoner.reader_practitioner(), almoner.precedes_policy()
to almoner_gate, almoner_reader;
grant execute on function
almoner.visible_tenants(), almoner.reads_all_tenants(), almoner.tenants_before_policy()
to almoner_group;
grant usage on schema store to almoner_gate, almoner_group_gate;
grant usage, create on schema pub to almoner_gate;
grant usage, create on schema marts to almoner_gate;
grant usage on schema marts to almoner_reader;
grant usage, create on schema pub_group to almoner_group_gate;
grant usage, create on schema marts_group to almoner_group_gate;
grant usage on schema marts_group to almoner_group;
grant usage, create on schema patients to almoner_gate;
grant usage on schema patients to almoner_patient_names;

-- logins that were granted before begin as new ones do (runner/access.py)
do $$
declare
    login name;
begin
    for login in
        select rol.rolname
        from almoner.readers as rea
        inner join pg_roles as rol on rea.role_name = rol.rolname
    loop
        begin
            execute format(
                'alter role %I in database %I set enable_mergejoin = off',
                login, current_database()
            );
        exception
            when insufficient_privilege then null;  -- somebody else's: it only reads slower
        end;
    end loop;
end
$$;
