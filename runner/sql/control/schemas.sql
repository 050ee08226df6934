-- the schemas, and the roles that readers and gates have on the whole server
create schema if not exists almoner;
create schema if not exists store;
create schema if not exists feed;
create schema if not exists work;
create schema if not exists core;
create schema if not exists rollups;
create schema if not exists pub;
create schema if not exists marts;
create schema if not exists pub_group;
create schema if not exists marts_group;
create schema if not exists marts_candidate;
create schema if not exists patients;
create schema if not exists quarantine;

do $$
declare
    name text;
begin
    -- two databases of one server may be set up at the same time
    perform pg_advisory_xact_lock(hashtext('almoner roles'));
    if not exists (select from pg_roles where rolname = 'almoner_reader') then
        create role almoner_reader nologin;
    end if;
    -- what a reader may be; a login is a member of one of them
    foreach name in array array[
        'administrator', 'accountant', 'auditor', 'department_head', 'doctor', 'api', 'group'
    ] loop
        if not exists (select from pg_roles where rolname = 'almoner_' || name) then
            execute format('create role %I nologin in role almoner_reader', 'almoner_' || name);
        end if;
    end loop;
    if not exists (select from pg_roles where rolname = 'almoner_patient_names') then
        create role almoner_patient_names nologin;
    end if;
    -- to give views to the gate the builder must be able to become it; before
    -- PostgreSQL 16 every member is
    foreach name in array array['almoner_gate', 'almoner_group_gate'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
        if not pg_has_role(
            current_user, name,
            case
                when current_setting('server_version_num')::int >= 160000 then 'set'
                else 'member'
            end
        ) then
            execute format('grant %I to %I', name, current_user);
        end if;
    end loop;
end
$$;
