-- The control tables, functions and roles. Safe to run again: it only adds what is missing.
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

comment on schema marts is
'Report marts. The comment of a view begins with what one row of it is; every column has one. '
'A code such as A5 names a rule of the project''s models/ACCOUNTING.md.';
comment on schema marts_group is
'The report marts of several tenants, for the readers of a hospital group.';

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

revoke all on schema public from public;
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end
$$;

create sequence if not exists almoner.release_numbers as int;

create table if not exists almoner.releases (
    release_id int primary key,
    state text not null check (state in ('building', 'published', 'reverted')),
    previous_release_id int references almoner.releases (release_id),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    publish_xid xid8,
    reason text,
    pruned_at timestamptz
);
create unique index if not exists one_release_is_building
on almoner.releases (state) where state = 'building';

create table if not exists almoner.pointers (
    tenant_id text primary key,
    release_id int not null references almoner.releases (release_id)
);

-- a tenant does not see the releases from `since_release` on, until `until_release` or, where
-- that is null, until the hold is lifted; meanwhile it reads `reads_release`, or nothing
create table if not exists almoner.holds (
    hold_id bigint generated always as identity primary key,
    tenant_id text not null,
    since_release int not null,
    until_release int,
    reads_release int,
    kind text not null check (kind in ('audit', 'manual')),
    reason text not null,
    held_at timestamptz not null default now(),
    held_by text not null default session_user,
    lifted_at timestamptz,
    lifted_by text
);
create unique index if not exists one_hold_of_a_tenant_is_open
on almoner.holds (tenant_id) where lifted_at is null;

-- what the audits of a release found, by tenant, with some of the rows that failed
create table if not exists almoner.audit_failures (
    release_id int not null,
    tenant_id text not null,
    audit text not null,
    rows_failed bigint not null,
    sample jsonb not null,
    primary key (release_id, tenant_id, audit)
);

-- a login reads for its tenant, an API's for the one that its claim names; a department head
-- sees own departments, a doctor own work; a group reader reads several tenants or all
create table if not exists almoner.readers (
    role_name text primary key,
    tenant_id text,
    role text not null default 'administrator',
    departments bigint[],
    practitioner_id bigint,
    may_read_names boolean not null default false,
    reads_all_tenants boolean not null default false,
    granted_at timestamptz not null default now()
);

create table if not exists almoner.reader_tenants (
    role_name text not null references almoner.readers on delete cascade,
    tenant_id text not null,
    primary key (role_name, tenant_id)
);

-- the two keys whose claims are valid; the pads are the key as HMAC mixes it in
create table if not exists almoner.claim_keys (
    key_id bigint generated always as identity primary key,
    secret bytea not null,
    inner_pad bytea not null,
    outer_pad bytea not null,
    made_at timestamptz not null default now()
);

create table if not exists almoner.model_builds (
    model text not null,
    release_id int not null,
    definition text not null,
    primary key (model, release_id)
);

-- the parts of each definition that was ever built, by which plans give their reasons
create table if not exists almoner.definitions (
    definition text primary key,
    parts jsonb not null
);

create table if not exists almoner.plans (
    release_id int not null,
    model text not null,
    mode text not null check (mode in ('full', 'incremental')),
    since int not null,
    definition text not null,
    primary key (release_id, model)
);

create table if not exists almoner.feed_log (
    feed text not null,
    release_id int not null,
    is_full boolean not null default false,
    primary key (feed, release_id)
);

create table if not exists almoner.mart_definitions (
    mart text not null,
    release_id int not null,
    definition jsonb not null,
    primary key (mart, release_id)
);

-- `view_digest` is of the views as PostgreSQL has them: the gate finds one changed by hand
create table if not exists almoner.published_marts (
    mart text primary key,
    digest text not null,
    view_digest text
);

create table if not exists almoner.watermarks (
    source_id text not null,
    table_name text not null,
    release_id int not null,
    server_identity text not null,
    snapshot_xmin numeric not null,
    row_count bigint not null,
    aside_count bigint not null default 0,
    rows_skipped bigint not null default 0,
    synced_at timestamptz not null,
    primary key (source_id, table_name)
);

-- how each table was read last; what was written before `cursor_from` is in raw
create table if not exists almoner.readings (
    source_id text not null,
    table_name text not null,
    rule text not null check (rule in ('xmin', 'cursor', 'whole')),
    refusal text,
    cursor_from timestamptz,
    cursor_fault text,
    read_at timestamptz not null,
    verified_at timestamptz,
    primary key (source_id, table_name)
);

-- what Great Expectations found of the rows that landed up to a release
create table if not exists almoner.validations (
    release_id int primary key,
    validated_at timestamptz not null,
    errors int not null,
    warnings int not null
);

create table if not exists almoner.removed_tenants (
    tenant_id text primary key,
    source_id text not null,
    removed_at timestamptz not null default now(),
    removed_by text not null default session_user
);

create table if not exists almoner.landings (
    release_id int not null,
    source_id text not null,
    table_name text not null,
    rows_landed bigint not null,
    rows_deleted bigint not null,
    rows_quarantined bigint not null,
    primary key (release_id, source_id, table_name)
);

create table if not exists almoner.project_files (
    only_row boolean primary key check (only_row),
    fingerprint text not null,
    release_id int not null
);

-- releases that a person keeps
create table if not exists almoner.pins (
    release_id int primary key references almoner.releases (release_id),
    reason text not null,
    pinned_at timestamptz not null default now(),
    pinned_by text not null default session_user
);

-- rows that could not land, as the sources have them now; `copy` tells equal rows apart
create table if not exists quarantine.rows (
    row_id bigint generated always as identity primary key,
    source_id text not null,
    tenant_id text,
    entity text not null,
    reason text not null,
    copy int not null,
    row_data jsonb not null,
    recorded_at timestamptz,
    landed_in int not null,
    file text,
    line bigint
);
create index if not exists rows_of_entity on quarantine.rows (source_id, entity);
create table if not exists feed.quarantine__rows (
    release_id int not null,
    source_id text,
    tenant_id text,
    entity text,
    row_id bigint
);
create index if not exists quarantine__rows_release on feed.quarantine__rows (release_id);

-- the files that landed: every row of one was landed or set aside, then
create table if not exists almoner.landed_files (
    release_id int not null,
    source_id text not null,
    table_name text not null,
    path text not null,
    is_appended boolean not null,
    size bigint not null,
    modified_ns bigint not null,
    sha256 text not null,
    rows_read bigint not null,
    rows_landed bigint not null,
    rows_quarantined bigint not null,
    check (rows_read = rows_landed + rows_quarantined),
    primary key (release_id, source_id, table_name, path)
);

-- tell whether a text is a value of a type, and what PostgreSQL says if it is not
do $$
begin
    if current_setting('server_version_num')::int >= 160000 then
        create or replace function almoner.is_input(value text, type_name text)
        returns boolean language sql stable parallel safe as
        'select pg_catalog.pg_input_is_valid(value, type_name)';
        create or replace function almoner.input_error(value text, type_name text)
        returns text language sql stable parallel safe as
        'select message from pg_catalog.pg_input_error_info(value, type_name)';
    else
        create or replace function almoner.input_error(value text, type_name text)
        returns text language plpgsql stable as $body$
        begin
            execute pg_catalog.format('select %L::%s', value, type_name);
            return null;
        exception when others then
            return sqlerrm;
        end
        $body$;
        create or replace function almoner.is_input(value text, type_name text)
        returns boolean language sql stable as
        'select almoner.input_error(value, type_name) is null';
    end if;
end
$$;

-- every transaction that writes for a release begins with this: a builder that was
-- stalled and overtaken finds its release reverted and writes nothing
create or replace function almoner.fence(release int) returns void
language plpgsql as $$
begin
    perform from almoner.releases
    where release_id = release and state = 'building'
    for share;
    if not found then
        raise exception 'release % is not being built', release
        using hint = 'another build took over; run almoner build';
    end if;
end
$$;

-- adds columns, types by name, to a released table. Rows stored so far take the commonest
-- value of work.<model>__rows, kept once in the catalog, so that only the others differ.
-- Readers queue behind an attempt for 0.3 s a lock, and go on before the next.
create or replace function almoner.add_columns(model text, columns jsonb) returns void
language plpgsql as $$
declare
    store text := format('store.%I', model);
    added text[];
    plain text[];
    col record;
    commonest text;
begin
    for col in select * from jsonb_each_text(columns) loop
        execute format(
            'select %1$I::text from work.%2$I group by %1$I order by count(*) desc, %1$I limit 1',
            col.key, model || '__rows'
        ) into commonest;
        added := added || format('add column %I %s default %L', col.key, col.value, commonest);
        plain := plain || format('alter column %I drop default', col.key);
    end loop;
    perform set_config('lock_timeout', '300ms', true);
    for attempt in 1..60 loop
        begin
            execute format('alter table %s %s', store, array_to_string(added, ', '));
            execute format('alter table %s %s', store, array_to_string(plain, ', '));
            return;
        exception when lock_not_available then
            perform pg_sleep(0.7);
        end;
    end loop;
    raise exception 'readers'' long transactions keep % from gaining a column', store
    using errcode = 'lock_not_available', hint = 'end their sessions and run almoner build';
end
$$;

-- the parts of the session's claim (runner/claims.py) if it is signed and has not expired
create or replace function almoner.claimed() returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
    parts text[] := string_to_array(current_setting('almoner.claim', true), '|');
    body bytea;
begin
    if cardinality(parts) is distinct from 4 or parts[3] !~ '^[0-9]{1,12}$' then
        return null;
    end if;
    body := convert_to(array_to_string(parts[1:3], '|'), 'UTF8');
    -- digests are compared, so that the time it takes says nothing of the signature
    perform from almoner.claim_keys as key
    where
        sha256(convert_to(parts[4], 'UTF8'))
        = sha256(convert_to(
            encode(sha256(key.outer_pad || sha256(key.inner_pad || body)), 'hex'), 'UTF8'
        ));
    if not found or parts[3]::bigint <= extract(epoch from statement_timestamp()) then
        return null;
    end if;
    return parts;
end
$$;

-- who reads: a BI login is bound to its tenant by its role, an API's login by its claim; the
-- owner may say for whom it reads (exports). session_user cannot be changed by the session.
create or replace function almoner.reader_tenant() returns text
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = current_user then
        return nullif(current_setting('almoner.tenant', true), '');
    end if;
    return (
        select case role when 'api' then (almoner.claimed())[1] else tenant_id end
        from almoner.readers
        where role_name = session_user
    );
end
$$;

-- which release a tenant was shown when `asked` was the newest: never a newer one than it
-- reads now, nor one that it was held from
create or replace function almoner.release_known_at(asked text, tenant text, pointer int)
returns int
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
    known int;
    instead int;
begin
    if asked !~ '^[0-9]{1,9}$' then
        raise exception 'almoner.as_known_at must be the number of a release, got %', left(asked, 40)
        using errcode = 'invalid_parameter_value',
        hint = '`almoner releases list` shows the releases; reset almoner.as_known_at';
    end if;
    known := (
        select max(rel.release_id)
        from almoner.releases as rel
        where rel.state = 'published' and rel.release_id <= least(asked::int, pointer)
    );
    if known is null then
        raise exception 'nothing was published yet at release %', asked
        using errcode = 'invalid_parameter_value',
        hint = '`almoner releases list` shows the releases; reset almoner.as_known_at';
    end if;
    loop
        -- a hold names an older release; anything else would never end, and shows nothing
        select case when hol.reads_release < hol.since_release then hol.reads_release end
        into instead
        from almoner.holds as hol
        where
            hol.tenant_id = tenant
            and hol.since_release <= known
            and (hol.until_release is null or hol.until_release > known)
        order by hol.since_release
        limit 1;
        exit when not found;
        known := instead;
    end loop;
    if exists (
        select from almoner.releases as rel
        where rel.release_id = known and rel.pruned_at is not null
    ) then
        raise exception 'release % was pruned and can no longer be read', known
        using errcode = 'invalid_parameter_value',
        hint = '`almoner releases list` shows those that are kept; reset almoner.as_known_at';
    end if;
    return known;
end
$$;

-- a session may ask for an older release; who does not pays nothing for it
create or replace function almoner.reader_release() returns int
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
declare
    asked text := current_setting('almoner.as_known_at', true);
begin
    if asked is null or asked = '' then
        return (
            select release_id from almoner.pointers
            where tenant_id = almoner.reader_tenant()
        );
    end if;
    return (
        select almoner.release_known_at(asked, poi.tenant_id, poi.release_id)
        from almoner.pointers as poi
        where poi.tenant_id = almoner.reader_tenant()
    );
end
$$;

-- as what: the owner's exports see what an administrator sees
create or replace function almoner.reader_role() returns text
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    if session_user = current_user then
        return 'administrator';
    end if;
    return (
        select case role when 'api' then split_part((almoner.claimed())[2], ':', 1) else role end
        from almoner.readers
        where role_name = session_user
    );
end
$$;

create or replace function almoner.reader_departments() returns bigint[]
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select
            case role
                when 'api'
                    then string_to_array(
                        nullif(split_part((almoner.claimed())[2], ':', 2), ''), ','
                    )::bigint[]
                else departments
            end
        from almoner.readers
        where role_name = session_user
    );
end
$$;

create or replace function almoner.reader_practitioner() returns bigint
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    -- of a claim, whose scope may be several departments, what is one number
    return (
        select
            case role
                when 'api' then substring((almoner.claimed())[2] from '^doctor:(-?[0-9]+)$')::bigint
                else practitioner_id
            end
        from almoner.readers
        where role_name = session_user
    );
end
$$;

-- of a group reader: the tenants that it reads, each at the release that the tenant is shown
create or replace function almoner.visible_tenants()
returns table (tenant_id text, release_id int)
language plpgsql stable security definer parallel safe rows 10
set search_path = pg_catalog, pg_temp as $$
declare
    asked text := nullif(current_setting('almoner.as_known_at', true), '');
begin
    return query
    select
        poi.tenant_id,
        case
            when asked is null then poi.release_id
            else almoner.release_known_at(asked, poi.tenant_id, poi.release_id)
        end
    from almoner.readers as rea
    inner join almoner.pointers as poi
        on
            rea.reads_all_tenants
            or exists (
                select from almoner.reader_tenants as ten
                where ten.role_name = rea.role_name and ten.tenant_id = poi.tenant_id
            )
    where rea.role_name = session_user and rea.role = 'group';
end
$$;

create or replace function almoner.reads_all_tenants() returns boolean
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    return exists (
        select from almoner.readers as rea
        where rea.role_name = session_user and rea.role = 'group' and rea.reads_all_tenants
    );
end
$$;

-- the roles that may read a mart, from its yml's meta; what an API reads, its claim decides,
-- and a group reader sees what each tenant's administrator sees
create or replace function almoner.mart_roles(meta jsonb) returns text[]
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp as $$
    select array_agg(distinct rol.name order by rol.name)
    from (
        select unnest(array['administrator', 'api', 'group']) as name
        union all
        select jsonb_array_elements_text(
            coalesce(meta #> '{access,roles}', '["accountant", "auditor"]')
        )
        union all
        select jsonb_object_keys(coalesce(meta #> '{access,row_scope}', '{}'))
    ) as rol
$$;

-- tells a mart that has to be written anew: another definition, other roles or another server
create or replace function almoner.mart_digest(definition jsonb) returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp as $$
    select md5(
        definition::text
        || array_to_string(almoner.mart_roles(definition -> 'meta'), ',')
        || current_setting('server_version_num')::int / 10000
    )
$$;

-- a mart's views as PostgreSQL has them; null if one is missing
create or replace function almoner.mart_views_digest(mart text) returns text
language sql stable
set search_path = pg_catalog, pg_temp as $$
    select md5(
        pg_get_viewdef(to_regclass('pub.' || quote_ident(mart)))
        || pg_get_viewdef(to_regclass('marts.' || quote_ident(mart)))
        || pg_get_viewdef(to_regclass('pub_group.' || quote_ident(mart)))
        || pg_get_viewdef(to_regclass('marts_group.' || quote_ident(mart)))
    )
$$;

revoke execute on all functions in schema almoner from public;
grant usage on schema almoner to almoner_gate, almoner_group_gate, almoner_reader;
grant execute on function
almoner.reader_tenant(), almoner.reader_release(), almoner.reader_role(),
almoner.reader_departments(), almoner.reader_practitioner()
to almoner_gate, almoner_reader;
grant execute on function almoner.visible_tenants(), almoner.reads_all_tenants() to almoner_group;
grant usage on schema store to almoner_gate, almoner_group_gate;
grant usage, create on schema pub to almoner_gate;
grant usage, create on schema marts to almoner_gate;
grant usage on schema marts to almoner_reader;
grant usage, create on schema pub_group to almoner_group_gate;
grant usage, create on schema marts_group to almoner_group_gate;
grant usage on schema marts_group to almoner_group;
grant usage, create on schema patients to almoner_gate;
grant usage on schema patients to almoner_patient_names;

