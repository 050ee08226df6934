-- builds of a model before its last one
exists (
    select from {table} as newer
    where newer.model = sto.model and newer.release_id > sto.release_id
)
