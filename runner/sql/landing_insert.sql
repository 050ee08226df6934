insert into {raw} ({columns})
select {columns}
from {landing} as inc
where not exists (select from {raw} as cur where {same_key})
