-- rows that were fetched again and are the same as before are no change
delete from {landing} as inc
using {raw} as cur
where {same_key} and row({cur_all}) is not distinct from row({inc_all})
