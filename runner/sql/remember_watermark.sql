with landing as (
    insert into almoner.landings (
        release_id, source_id, table_name, rows_landed, rows_deleted, rows_quarantined
    )
    select %(release)s, %(source)s, %(table)s, %(landed)s, %(deleted)s, %(quarantined)s
    where %(landed)s + %(deleted)s + %(quarantined)s > 0
    on conflict (release_id, source_id, table_name) do update set
        rows_landed = landings.rows_landed + excluded.rows_landed,
        rows_deleted = landings.rows_deleted + excluded.rows_deleted,
        rows_quarantined = landings.rows_quarantined + excluded.rows_quarantined
)

insert into almoner.watermarks (
    source_id, table_name, release_id, server_identity, snapshot_xmin, row_count, aside_count,
    rows_skipped, synced_at
)
values (
    %(source)s, %(table)s, %(release)s, %(identity)s, %(xmin)s, %(held)s, %(aside)s,
    %(skipped)s, now()
)
on conflict (source_id, table_name) do update set
    release_id = excluded.release_id,
    server_identity = excluded.server_identity,
    snapshot_xmin = excluded.snapshot_xmin,
    row_count = excluded.row_count,
    aside_count = excluded.aside_count,
    rows_skipped = excluded.rows_skipped,
    synced_at = excluded.synced_at
