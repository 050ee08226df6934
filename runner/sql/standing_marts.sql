-- the marts that readers see, as the definition says that stands
select distinct on (pub.mart)
    pub.mart,
    def.definition
from almoner.published_marts as pub
inner join almoner.mart_definitions as def
    on pub.mart = def.mart and pub.digest = almoner.mart_digest(def.definition)
where def.definition <> 'null'
order by pub.mart, def.release_id desc
