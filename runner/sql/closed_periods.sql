-- the closings in force, with how many postings of their months were added or taken back since
select
    per.tenant_id,
    to_char(per.starts_on, 'YYYY-MM') as from_month,
    to_char(per.ends_before - interval '1 month', 'YYYY-MM') as through_month,
    per.release_id,
    per.late_changes,
    (
        select count(*)
        from {restated} as res
        where res.tenant_id = per.tenant_id and res.closing_id = per.closing_id
    ) as postings_changed,
    per.closed_by,
    per.closed_at,
    per.reason
from almoner.closed_periods as per
where per.tenant_id = coalesce(%(tenant)s, per.tenant_id)
order by per.tenant_id, per.ends_before
