-- who may do what with a tenant's write-offs now
with last_words as (
    select distinct on (tenant_id, principal, may) *
    from almoner.write_off_rights
    order by tenant_id, principal, may, right_id desc
)

select
    tenant_id,
    principal,
    string_agg(may, ', ' order by may desc) as may,
    max(set_at) as set_at,
    max(set_by) as set_by
from last_words
where is_granted and tenant_id = coalesce(%(tenant)s, tenant_id)
group by tenant_id, principal
order by tenant_id, principal
