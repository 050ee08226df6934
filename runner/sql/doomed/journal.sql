-- of a closed month's postings, only those superseded before it closed: the others tell which
-- release changed what
not exists (
    select from almoner.closed_periods as per
    where
        per.tenant_id = sto.tenant_id
        and per.ends_before > sto.business_date
        and (per.starts_on is null or per.starts_on <= sto.business_date)
        and per.release_id < sto.retired_in
)
