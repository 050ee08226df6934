-- a member of a role may end its sessions; waits up to 5 s for each to be gone
select pg_terminate_backend(act.pid, 5000)
from pg_catalog.pg_stat_activity as act
where act.usename = %s and act.pid <> pg_backend_pid()
