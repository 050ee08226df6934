-- the tenants that audits hold, and which ones failed since
select
    hol.tenant_id,
    array_agg(distinct fai.audit order by fai.audit) as audits
from almoner.holds as hol
inner join almoner.audit_failures as fai
    on hol.tenant_id = fai.tenant_id and hol.since_release <= fai.release_id
where hol.lifted_at is null and hol.kind = 'audit'
group by hol.tenant_id
order by hol.tenant_id
