-- who has a right on a relation beside its owner, as SQL names them
select distinct
    case acl.grantee when 0 then 'public' else acl.grantee::regrole::text end as grantee
from pg_catalog.pg_class as cls
cross join lateral aclexplode(cls.relacl) as acl
where cls.oid = %s::regclass and acl.grantee <> cls.relowner
