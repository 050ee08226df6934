-- the snapshot a source is read in, and which server and database it is
select
    pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
    (select ctl.system_identifier from pg_control_system() as ctl)::text as cluster,
    (select dat.oid from pg_database as dat where dat.datname = current_database())::text
        as database
