-- every step of a write-off: who, when, why, and the login that said so
select
    wof.requested_at as taken_at,
    'requested' as step,
    wof.requested_by as taken_by,
    wof.login,
    wof.business_date,
    wof.reason
from almoner.write_offs as wof
where wof.write_off_id = %(write_off)s
union all
select
    dec.decided_at as taken_at,
    dec.status as step,
    dec.decided_by as taken_by,
    dec.login,
    dec.business_date,
    dec.reason
from almoner.write_off_decisions as dec
where dec.write_off_id = %(write_off)s
union all
select
    rev.reversed_at as taken_at,
    'reversed' as step,
    rev.reversed_by as taken_by,
    rev.login,
    rev.business_date,
    rev.reason
from almoner.write_off_reversals as rev
where rev.write_off_id = %(write_off)s
order by taken_at
