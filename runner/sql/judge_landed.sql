-- a row that was set aside does not take the place of one that has landed
update {arrived} as arr
set "@problem" = 'duplicate key'
where
    arr."@problem" is null
    and exists (
        select from {raw} as cur
        where cur.source_id = {source} and ({key}) = ({same})
    )
