with doomed as ({doomed})

select
    count(*) as rows,
    coalesce(sum(doo.size), 0)::bigint as bytes
from doomed as doo
