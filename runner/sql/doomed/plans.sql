-- what was planned in releases that are gone
sto.release_id <= {newest}
and sto.release_id <> all({kept}::int[])
