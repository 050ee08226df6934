-- whether something was asked for, decided or reversed since the last build took it
select
    exists (
        select from almoner.write_offs as wof
        left join almoner.write_off_decisions as dec on wof.write_off_id = dec.write_off_id
        left join almoner.write_off_reversals as rev on wof.write_off_id = rev.write_off_id
        left join almoner.landed_write_offs as lan
            on wof.tenant_id = lan.tenant_id and -wof.write_off_id = lan.adjustment_id
        where
            (coalesce(dec.status, 'pending'), rev.reversed_at)
            is distinct from (lan.status, lan.reversed_at)
    ) as yes
