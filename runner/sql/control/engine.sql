-- functions of the engine
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

-- empties work tables: small ones row by row, for at the end of whoever truncated one the server
-- looks through all of its buffers
create or replace function almoner.empty(variadic tables regclass[]) returns void
language plpgsql as $$
declare
    name regclass;
begin
    foreach name in array tables loop
        if pg_relation_size(name) > 4000000 then
            execute format('truncate %s', name);
        else
            execute format('delete from %s', name);
        end if;
    end loop;
end
$$;

-- adds columns to a released table, by name with `type` and `is_unknown_before`. Rows stored so
-- far take null where it is unknown, else the commonest value of work.<model>__rows, kept once
-- in the catalog, so that only the others differ.
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
    for col in
        select
            key,
            value ->> 'type' as type,
            (value ->> 'is_unknown_before')::boolean as is_unknown_before
        from jsonb_each(columns)
    loop
        commonest := null;
        if not col.is_unknown_before then
            execute format(
                'select %1$I::text from work.%2$I group by %1$I order by count(*) desc, %1$I'
                ' limit 1',
                col.key, model || '__rows'
            ) into commonest;
        end if;
        added := added || format('add column %I %s default %L', col.key, col.type, commonest);
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

-- what people did is kept as they did it; only a tenant that is removed takes it along
create or replace function almoner.refuse_change() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if exists (
            select from almoner.removed_tenants as rem
            where rem.tenant_id = old.tenant_id
        ) then
            return old;
        end if;
    end if;
    raise exception '%.% is only added to', tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;
do $$
declare
    name text;
begin
    foreach name in array array[
        'write_offs', 'write_off_decisions', 'write_off_reversals', 'write_off_rights',
        'period_steps'
    ] loop
        execute format(
            'create or replace trigger is_only_added_to before update or delete'
            ' on almoner.%I for each row execute function almoner.refuse_change()',
            name
        );
        execute format(
            'create or replace trigger is_never_emptied before truncate'
            ' on almoner.%I execute function almoner.refuse_change()',
            name
        );
    end loop;
end
$$;

-- the closings in force, each with the months that it closed and that were not opened since:
-- from `starts_on`, null for the beginning, until before `ends_before`
create or replace view almoner.closed_periods as
with marks as (
    select
        tenant_id,
        '0001-01-01'::date as starts_on
    from almoner.period_steps
    union
    select
        tenant_id,
        case action
            when 'close' then (month_start_date + interval '1 month')::date
            else month_start_date
        end as starts_on
    from almoner.period_steps
),

spans as (
    select
        tenant_id,
        starts_on,
        lead(starts_on) over (partition by tenant_id order by starts_on) as ends_before
    from marks
)

select
    spa.tenant_id,
    clo.step_id as closing_id,
    clo.release_id,
    clo.late_changes,
    clo.reason,
    clo.done_by as closed_by,
    clo.done_at as closed_at,
    nullif(min(spa.starts_on), '0001-01-01') as starts_on,
    max(spa.ends_before) as ends_before
from spans as spa
cross join lateral (
    -- the first that closed them after they were opened last
    select ste.*
    from almoner.period_steps as ste
    where
        ste.tenant_id = spa.tenant_id
        and ste.action = 'close'
        and ste.month_start_date >= spa.starts_on
        and ste.step_id > all(
            select ope.step_id
            from almoner.period_steps as ope
            where
                ope.tenant_id = spa.tenant_id
                and ope.action = 'reopen'
                and ope.month_start_date <= spa.starts_on
        )
    order by ste.step_id
    limit 1
) as clo
group by
    spa.tenant_id,
    clo.step_id,
    clo.release_id,
    clo.late_changes,
    clo.reason,
    clo.done_by,
    clo.done_at;
