insert into almoner.pointers (tenant_id, release_id)
select ten.tenant_id, %(release)s
from core.dim_tenants as ten
where ten.tenant_id = %(tenant)s
on conflict (tenant_id) do update set release_id = excluded.release_id
