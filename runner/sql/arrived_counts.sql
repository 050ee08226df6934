-- the rows of each file, in the order of the files, and those that will not land
select
    count(arr."@file") as read,
    count(arr."@problem") as aside
from generate_series(1, {files}) as file (number)
left join {arrived} as arr on arr."@file" = file.number
group by file.number
order by file.number
