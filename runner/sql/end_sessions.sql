-- a role may end the sessions of roles it administers
select pg_terminate_backend(act.pid)
from pg_catalog.pg_stat_activity as act
where act.usename = %s and act.pid <> pg_backend_pid()
