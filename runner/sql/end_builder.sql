-- ends who builds in this database, whatever it waits for: the session that holds the
-- builder's lock, and those of its dbt; waits up to 10 s for each to be gone
select pg_terminate_backend(act.pid, 10000)
from pg_catalog.pg_stat_activity as act
where
    act.datname = current_database()
    and act.pid <> pg_backend_pid()
    and (
        (act.usename = current_user and act.application_name = %(dbt)s)
        or act.pid in (
            select loc.pid from pg_catalog.pg_locks as loc
            where
                loc.locktype = 'advisory'
                and loc.database = act.datid
                and loc.classid = 0
                and loc.objid = %(lock)s
                and loc.granted
        )
    )
