-- functions by which the mart views are written and checked
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
