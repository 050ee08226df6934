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
        coalesce(dec.decided_at, wof.requested_at) as recorded_at,
        rev.business_date as reversal_date,
        rev.reversed_at
    from almoner.write_offs as wof
    left join almoner.write_off_decisions as dec on wof.write_off_id = dec.write_off_id
    left join almoner.write_off_reversals as rev on wof.write_off_id = rev.write_off_id
),

landed as (
    insert into almoner.landed_write_offs (
        tenant_id, adjustment_id, invoice_id, category, share, currency_code, base_rate,
        amount, status, requester, approver, adjustment_date, recorded_at, reversal_date,
        reversed_at, landed_in
    )
    select
        wof.*,
        %(release)s
    from write_offs as wof
    left join almoner.landed_write_offs as lan
        on wof.tenant_id = lan.tenant_id and wof.adjustment_id = lan.adjustment_id
    where
        (wof.status, wof.reversed_at) is distinct from (lan.status, lan.reversed_at)
    on conflict (tenant_id, adjustment_id) do update
    set
        status = excluded.status,
        approver = excluded.approver,
        adjustment_date = excluded.adjustment_date,
        recorded_at = excluded.recorded_at,
        reversal_date = excluded.reversal_date,
        reversed_at = excluded.reversed_at,
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
