-- the last release, not reverted, that built each model
select distinct on (bld.model)
    bld.model,
    bld.release_id,
    bld.definition
from almoner.model_builds as bld
order by bld.model, bld.release_id desc
