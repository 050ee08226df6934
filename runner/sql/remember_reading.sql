insert into almoner.readings (
    source_id, table_name, rule, refusal, cursor_from, read_at, verified_at
)
values (
    %(source)s, %(table)s, %(rule)s, %(refusal)s, %(cursor_from)s, now(),
    case when %(is_verified)s then now() end
)
on conflict (source_id, table_name) do update set
    rule = excluded.rule,
    refusal = excluded.refusal,
    cursor_from = excluded.cursor_from,
    read_at = excluded.read_at,
    verified_at = coalesce(excluded.verified_at, readings.verified_at)
