-- Almoner's roles that a login is a member of
select distinct rol.rolname as name
from pg_catalog.pg_auth_members as mem
inner join pg_catalog.pg_roles as rol on mem.roleid = rol.oid
where
    mem.member = (select log.oid from pg_catalog.pg_roles as log where log.rolname = %s)
    and rol.rolname like 'almoner\_%%'
