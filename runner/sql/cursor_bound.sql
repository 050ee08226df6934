-- what is written from now on, and what is being written, is not older than this
select
    least(statement_timestamp(), min(act.xact_start)) - interval '2 s' as bound,
    coalesce(bool_or(act.state = 'disabled'), false) as is_hidden
from pg_catalog.pg_stat_activity as act
where
    act.datid = (select dat.oid from pg_database as dat where dat.datname = current_database())
    and act.pid <> pg_backend_pid()
