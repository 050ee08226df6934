-- each mart as it is defined at a release, where that is not what stands in `marts`; one that
-- was removed is null
with defined as (
    select distinct on (def.mart)
        def.mart,
        def.definition,
        almoner.mart_digest(def.definition) as digest
    from almoner.mart_definitions as def
    where def.release_id <= %s
    order by def.mart, def.release_id desc
)

select
    def.mart,
    def.definition || jsonb_build_object(
        'digest', def.digest,
        'roles', almoner.mart_roles(def.definition -> 'meta')
    ) as definition
from defined as def
left join almoner.published_marts as pub on def.mart = pub.mart
where
    def.definition <> 'null'
    and def.digest is distinct from pub.digest
