update almoner.holds
set until_release = %(release)s, lifted_at = now(), lifted_by = %(by)s
where tenant_id = %(tenant)s and lifted_at is null
