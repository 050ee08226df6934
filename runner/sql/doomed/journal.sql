-- superseded postings that no kept release sees, but for those of a closed month since it closed:
-- they tell which release changed what
sto.retired_in <= {newest}
and not exists (
    select from unnest({kept}::int[]) as kept (release_id)
    where kept.release_id >= sto.released_in and kept.release_id < sto.retired_in
)
and not exists (
    select from almoner.closed_periods as per
    where
        per.tenant_id = sto.tenant_id
        and per.ends_before > sto.business_date
        and (per.starts_on is null or per.starts_on <= sto.business_date)
        and per.release_id < sto.retired_in
)
