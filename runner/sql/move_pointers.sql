insert into almoner.pointers (tenant_id, release_id)
select ten.tenant_id, %s
from core.dim_tenants as ten
on conflict (tenant_id) do update set release_id = excluded.release_id
