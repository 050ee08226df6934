-- a mart that the project no longer has: its definition is null from this release on, and it
-- is built anew should its file come back
with forgotten as (
    delete from almoner.model_builds
    where model = %(mart)s
),

unpublished as (
    delete from almoner.published_marts
    where mart = %(mart)s
)

insert into almoner.mart_definitions (mart, release_id, definition)
values (%(mart)s, %(release)s, 'null'::jsonb)
on conflict (mart, release_id) do update set definition = excluded.definition
