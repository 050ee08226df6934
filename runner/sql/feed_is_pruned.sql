-- a model that has not consumed these rows by now was not part of the project: should it come
-- back, it finds a feed that was filled anew, and is recomputed in full
insert into almoner.feed_log (feed, release_id, is_full)
select
    {feed},
    max(fed.release_id),
    true
from {table} as fed
where fed.release_id <= {newest}
having count(*) > 0
on conflict (feed, release_id) do update set is_full = true
