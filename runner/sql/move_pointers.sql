-- every tenant of the candidate, but those that are held
insert into almoner.pointers (tenant_id, release_id)
select ten.tenant_id, %s
from core.dim_tenants as ten
where
    not exists (
        select from almoner.holds as hol
        where hol.tenant_id = ten.tenant_id and hol.lifted_at is null
    )
on conflict (tenant_id) do update set release_id = excluded.release_id
