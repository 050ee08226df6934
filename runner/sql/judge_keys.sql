-- of several rows with one key the one written last stays, else the last in the files
update {arrived} as twin
set "@problem" = 'duplicate key'
from (
    select
        arr.ctid as place,
        row_number() over (
            partition by {key}
            order by {newest} desc nulls last, arr."@file" desc, arr."@line" desc
        ) as position
    from {arrived} as arr
    where arr."@problem" is null
) as ranked
where twin.ctid = ranked.place and ranked.position > 1
