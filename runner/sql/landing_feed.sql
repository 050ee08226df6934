-- what changed, as it was and as it is, so that dependants find both
insert into {feed} (release_id, {feed_columns})
select {release}, {cur_feed}
from {raw} as cur
inner join {landing} as inc on {same_key}
union
select {release}, {inc_feed}
from {landing} as inc
