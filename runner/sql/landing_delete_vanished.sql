-- rows whose key the source no longer has: feed what they were, then delete them
with deleted as (
    delete from {raw} as cur
    where
        cur.source_id = {source}
        and {within}
        and not exists (select from {landing} as inc where {same_key})
    returning {cur_feed}
),

fed as (
    insert into {feed} (release_id, {feed_columns})
    select {release}, {feed_columns}
    from deleted
)

select
    {tenant} as tenant,
    count(*) as size
from deleted
group by 1
