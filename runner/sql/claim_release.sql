-- compare and swap: only a release that is still being built, and whose predecessor is
-- still the last published one, may be published
select rel.release_id
from almoner.releases as rel
where
    rel.release_id = %s
    and rel.state = 'building'
    and rel.previous_release_id is not distinct from (
        select max(pub.release_id) from almoner.releases as pub where pub.state = 'published'
    )
for update
