-- views, seeds and marts that this release made anew (released models record themselves)
insert into almoner.model_builds (model, release_id, definition)
select pla.model, pla.release_id, pla.definition
from almoner.plans as pla
where pla.release_id = %(release)s
on conflict (model, release_id) do nothing
