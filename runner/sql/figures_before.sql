create temporary table figures_before on commit drop as
select
    array[{key}]::text[] as row_key,
    mar.*
from {mart} as mar
where {condition}
