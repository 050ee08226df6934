-- the snapshot a source is read in, and which server, timeline and database it is
select
    pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
    -- while this is the same, no transaction has ended that wrote anything. The checkpoint,
    -- because a server that crashed may give a transaction's number again; the clock, because
    -- a standby does not tell which transactions run
    concat_ws(
        ' ',
        pg_current_snapshot(),
        extract(epoch from pg_postmaster_start_time()),
        (select ctl.checkpoint_lsn from pg_control_checkpoint() as ctl),
        case when pg_is_in_recovery() then extract(epoch from clock_timestamp()) end
    ) as state,
    (select ctl.system_identifier from pg_control_system() as ctl)::text as cluster,
    -- the control file learns of a new timeline at the next checkpoint only
    case
        when pg_is_in_recovery() then (select ctl.timeline_id from pg_control_checkpoint() as ctl)
        else ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
    end::text as timeline,
    (select dat.oid from pg_database as dat where dat.datname = current_database())::text
        as database
