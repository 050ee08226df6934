-- the published marts, each with the last release that changed a table it reads, through
-- other marts too
with recursive defined as (
    select distinct on (def.mart)
        def.mart,
        def.definition
    from almoner.mart_definitions as def
    inner join almoner.published_marts as pub on def.mart = pub.mart
    where def.release_id <= (select max(poi.release_id) from almoner.pointers as poi)
    order by def.mart, def.release_id desc
),

reads as (
    select
        def.mart,
        rea.input
    from defined as def
    cross join lateral jsonb_array_elements_text(def.definition -> 'reads') as rea (input)

    union
    select
        rea.mart,
        deeper.input
    from reads as rea
    inner join defined as def on rea.input = def.mart
    cross join lateral jsonb_array_elements_text(def.definition -> 'reads') as deeper (input)
),

changed as (
    select
        rea.mart,
        max(log.release_id) as changed_in
    from reads as rea
    inner join almoner.feed_log as log on rea.input = log.feed
    where log.release_id <= (select max(poi.release_id) from almoner.pointers as poi)
    group by rea.mart
)

select
    def.mart,
    def.definition,
    cha.changed_in,
    rel.finished_at as changed_at
from defined as def
left join changed as cha on def.mart = cha.mart
left join almoner.releases as rel on cha.changed_in = rel.release_id
order by def.mart
