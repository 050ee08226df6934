-- every tenant that a release has reads what it was shown when that release was the newest, but
-- nothing newer than an open hold lets it; so does who reads a newer release. Who was held at
-- that release from its beginning reads nothing.
with concerned as (
    select ten.tenant_id
    from store.dim_tenants as ten
    where ten.released_in <= %(release)s and ten.retired_in > %(release)s
    union
    select poi.tenant_id
    from almoner.pointers as poi
    where poi.release_id > %(release)s
),

shown as (
    select
        con.tenant_id,
        case
            when hol.hold_id is null
                then almoner.release_known_at(%(release)s::text, con.tenant_id, %(release)s)
            when hol.reads_release is not null
                then almoner.release_known_at(%(release)s::text, con.tenant_id, hol.reads_release)
        end as release_id
    from concerned as con
    left join almoner.holds as hol on con.tenant_id = hol.tenant_id and hol.lifted_at is null
),

hidden as (
    delete from almoner.pointers as poi
    using shown as sho
    where poi.tenant_id = sho.tenant_id and sho.release_id is null
)

insert into almoner.pointers (tenant_id, release_id)
select
    sho.tenant_id,
    sho.release_id
from shown as sho
where sho.release_id is not null
on conflict (tenant_id) do update set release_id = excluded.release_id
