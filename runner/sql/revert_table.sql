delete from {store} where released_in = {release};
update {store} set retired_in = 2147483647 where retired_in = {release};
delete from {feed} where release_id = {release}
