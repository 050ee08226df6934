-- a tenant stays where it reads now; one that is held already stays held as it is
insert into almoner.holds (tenant_id, since_release, reads_release, kind, reason)
select
    %(tenant)s,
    %(release)s,
    (select poi.release_id from almoner.pointers as poi where poi.tenant_id = %(tenant)s),
    %(kind)s,
    %(reason)s
on conflict (tenant_id) where lifted_at is null do nothing
