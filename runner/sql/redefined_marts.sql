-- the marts whose select is another at one release than at the other
with defined as (
    select distinct on (rel.release_id, def.mart)
        rel.release_id,
        def.mart,
        def.definition ->> 'sql' as statement
    from unnest(array[%(before)s, %(after)s]::int[]) as rel (release_id)
    inner join almoner.mart_definitions as def on rel.release_id >= def.release_id
    order by rel.release_id, def.mart, def.release_id desc
)

select def.mart
from defined as def
group by def.mart
having
    min(def.statement) filter (where def.release_id = %(before)s)
    is distinct from min(def.statement) filter (where def.release_id = %(after)s)
order by def.mart
