-- what stands in `marts` now, and what its views look like to PostgreSQL
insert into almoner.published_marts (mart, digest, view_digest)
values (%(mart)s, %(digest)s, almoner.mart_views_digest(%(mart)s))
on conflict (mart) do update set
    digest = excluded.digest,
    view_digest = excluded.view_digest
