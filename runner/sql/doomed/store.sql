-- superseded rows that no kept release sees
sto.retired_in <= {newest}
and not exists (
    select from unnest({kept}::int[]) as kept (release_id)
    where kept.release_id >= sto.released_in and kept.release_id < sto.retired_in
)
