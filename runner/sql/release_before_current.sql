select max(rel.release_id) as release_id
from almoner.releases as rel
where
    rel.state = 'published'
    and rel.pruned_at is null
    and rel.release_id < (select max(poi.release_id) from almoner.pointers as poi)
