-- functions by which the views know who reads, and what is shown to whom
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

-- whether a tenant's policy, as of what it reads now, came later than a release
create or replace function almoner.policy_is_newer(tenant text, shown int) returns boolean
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    return exists (
        select from store.dim_tenant_policies as pol
        inner join almoner.pointers as poi on pol.tenant_id = poi.tenant_id
        where
            pol.tenant_id = tenant
            and pol.released_in <= poi.release_id
            and pol.retired_in > poi.release_id
            and pol.released_in > shown
    );
end
$$;

-- counts of a release older than the policy are shown to nobody: it would have withheld some
create or replace function almoner.precedes_policy() returns boolean
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    if coalesce(current_setting('almoner.as_known_at', true), '') = '' then
        return false;
    end if;
    return almoner.policy_is_newer(almoner.reader_tenant(), almoner.reader_release());
end
$$;

-- of a group reader: the tenants whose counts the release that was asked for does not show
create or replace function almoner.tenants_before_policy() returns setof text
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp as $$
begin
    if coalesce(current_setting('almoner.as_known_at', true), '') <> '' then
        return query
        select vis.tenant_id
        from almoner.visible_tenants() as vis
        where almoner.policy_is_newer(vis.tenant_id, vis.release_id);
    end if;
end
$$;
