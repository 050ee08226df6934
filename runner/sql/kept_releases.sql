-- the published releases that are not pruned yet, newest first, and why each is kept: by its
-- number, its age, as the last of a month, or because something or someone needs it
with published as (
    select
        rel.release_id,
        rel.finished_at,
        row_number() over (order by rel.release_id desc) as position,
        row_number() over (
            partition by date_trunc('month', rel.finished_at at time zone 'UTC')
            order by rel.release_id desc
        ) as position_in_month,
        dense_rank() over (
            order by date_trunc('month', rel.finished_at at time zone 'UTC') desc
        ) as month_number
    from almoner.releases as rel
    where rel.state = 'published' and rel.pruned_at is null
),

reasons as (
    select
        pub.release_id,
        'newest' as reason
    from published as pub
    where pub.position <= %(releases)s
    union all
    select
        pub.release_id,
        'recent' as reason
    from published as pub
    where pub.finished_at > now() - make_interval(days => %(days)s)
    union all
    select
        pub.release_id,
        'month end' as reason
    from published as pub
    where pub.position_in_month = 1 and pub.month_number <= %(month_ends)s
    union all
    select
        pin.release_id,
        'pinned' as reason
    from almoner.pins as pin
    union all
    select
        per.release_id,
        'closed period' as reason
    from almoner.closed_periods as per
    union all
    select
        poi.release_id,
        'read' as reason
    from almoner.pointers as poi
    union all
    select
        hol.reads_release,
        'held' as reason
    from almoner.holds as hol
    where
        exists (
            select from published as pub
            where
                pub.release_id >= hol.since_release
                and (hol.until_release is null or pub.release_id < hol.until_release)
        )
    union all
    select
        max(pub.release_id) as release_id,
        'before current' as reason
    from published as pub
    where pub.release_id < (select max(poi.release_id) from almoner.pointers as poi)
)

select
    pub.release_id,
    pub.finished_at,
    array(
        select distinct rea.reason
        from reasons as rea
        where rea.release_id = pub.release_id
        order by rea.reason
    ) as reasons
from published as pub
order by pub.release_id desc
