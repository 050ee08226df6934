-- news that every model has consumed: whatever there was before a release was built is part of it
sto.release_id <= {newest}
