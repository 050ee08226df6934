-- the rows that each table landed in the last 24 hours, and between what numbers the 28 days
-- before let them be: their mean and some deviations, at least one where every day had some.
-- First loads say nothing of a day.
with days as (
    select
        lan.source_id,
        lan.table_name,
        floor(extract(epoch from now() - rel.started_at) / 86400)::int as days_ago,
        sum(lan.rows_landed) as size
    from almoner.landings as lan
    inner join almoner.releases as rel on lan.release_id = rel.release_id
    left join almoner.feed_log as fed
        on lan.table_name = fed.feed and lan.release_id = fed.release_id
    where rel.started_at > now() - interval '29 days' and fed.is_full is not true
    group by lan.source_id, lan.table_name, days_ago
),

-- days on which something was read
read as (
    select distinct
        day.source_id,
        day.days_ago
    from days as day
    where day.days_ago > 0
),

past as (
    select
        tab.source_id,
        tab.table_name,
        count(*) as days_read,
        min(coalesce(day.size, 0)) as smallest,
        avg(coalesce(day.size, 0)) as mean,
        stddev_samp(coalesce(day.size, 0)) as deviation
    from almoner.watermarks as tab
    inner join read as rea on tab.source_id = rea.source_id
    left join days as day
        on
            rea.source_id = day.source_id
            and rea.days_ago = day.days_ago
            and tab.table_name = day.table_name
    group by tab.source_id, tab.table_name
)

select
    pas.source_id as source,
    split_part(pas.table_name, '__', 2) as table,
    coalesce(day.size, 0)::bigint as rows,
    greatest(
        floor(pas.mean - %s * pas.deviation),
        case when pas.smallest > 0 then 1 else 0 end
    )::bigint as least,
    ceil(pas.mean + %s * pas.deviation)::bigint as most
from past as pas
left join days as day
    on
        pas.source_id = day.source_id
        and pas.table_name = day.table_name
        and day.days_ago = 0
where pas.days_read >= 7 and pas.source_id = any(%s)
order by pas.source_id, pas.table_name
