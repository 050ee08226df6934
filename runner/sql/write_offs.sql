-- the write-offs that were asked for here, the newest first; of a tenant, in a status, or one
select
    wof.write_off_id,
    wof.tenant_id,
    wof.invoice_id,
    wof.share,
    wof.category,
    wof.amount,
    wof.currency_code,
    sta.status,
    wof.requested_by,
    wof.requested_at,
    dec.decided_by,
    dec.decided_at,
    rev.reversed_by,
    rev.reversed_at
from almoner.write_offs as wof
left join almoner.write_off_decisions as dec on wof.write_off_id = dec.write_off_id
left join almoner.write_off_reversals as rev on wof.write_off_id = rev.write_off_id
cross join
    lateral (
        values (
            case
                when rev.reversed_at is null then coalesce(dec.status, 'pending')
                else 'reversed'
            end
        )
    ) as sta (status)
where
    wof.tenant_id = coalesce(%(tenant)s, wof.tenant_id)
    and sta.status = coalesce(%(status)s, sta.status)
    and wof.write_off_id = coalesce(%(write_off)s, wof.write_off_id)
order by wof.write_off_id desc
