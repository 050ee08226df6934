-- what stands in `marts` now, and what its two views look like to PostgreSQL
insert into almoner.published_marts (mart, digest, view_digest)
values (
    %(mart)s,
    %(digest)s,
    md5(
        pg_get_viewdef(('pub.' || quote_ident(%(mart)s))::regclass)
        || pg_get_viewdef(('marts.' || quote_ident(%(mart)s))::regclass)
    )
)
on conflict (mart) do update set
    digest = excluded.digest,
    view_digest = excluded.view_digest
