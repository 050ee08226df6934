-- take what was asked for or decided since the last build, and feed it
with write_offs as (
    select
        wof.tenant_id,
        -wof.write_off_id as adjustment_id,
        wof.invoice_id,
        wof.category,
        wof.share,
        wof.currency_code,
        wof.base_rate,
        wof.amount,
        coalesce(dec.status, 'pending') as status,
        wof.requested_by,
        case when dec.status = 'approved' then dec.decided_by end as approver,
        coalesce(dec.business_date, wof.business_date) as adjustment_date,
        coalesce(dec.decided_at, wof.requested_at) as recorded_at
    from almoner.write_offs as wof
    left join almoner.write_off_decisions as dec on wof.write_off_id = dec.write_off_id
),

landed as (
    insert into almoner.landed_write_offs
    select
        wof.*,
        %(release)s
    from write_offs as wof
    left join almoner.landed_write_offs as lan
        on wof.tenant_id = lan.tenant_id and wof.adjustment_id = lan.adjustment_id
    where wof.status is distinct from lan.status
    on conflict (tenant_id, adjustment_id) do update
    set
        status = excluded.status,
        approver = excluded.approver,
        adjustment_date = excluded.adjustment_date,
        recorded_at = excluded.recorded_at,
        landed_in = excluded.landed_in
    returning tenant_id, adjustment_id
)

insert into feed.almoner__landed_write_offs (release_id, source_id, tenant_id, adjustment_id)
select
    %(release)s,
    'almoner',
    tenant_id,
    adjustment_id
from landed
