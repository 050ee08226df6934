-- rows without a key or a required value, and all but one of several with the same key,
-- cannot land
delete from {where} as lan
using (
    select
        lan.ctid as place,
        case
            when {keyless} then 'row without its key'
            when {incomplete} then {missing}
            when
                row_number() over (
                    partition by {key}, {incomplete}
                    order by {newest} desc nulls last, lan::text
                ) > 1
                then 'duplicate key'
        end as reason
    from {where} as lan
) as jud
where lan.ctid = jud.place and jud.reason is not null
returning
    jud.reason,
    to_jsonb(lan) - 'landed_in' as row_data,
    {tenant} as tenant_id,
    {recorded}::timestamptz as recorded_at,
    null::text as file,
    null::bigint as line
