-- a transaction holds a lock on its own number until its effects can be seen
select
from pg_catalog.pg_locks as loc
where loc.locktype = 'transactionid' and loc.transactionid = %s::xid8::xid
