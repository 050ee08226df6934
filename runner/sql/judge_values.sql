-- what PostgreSQL says of the values of each row; asked for words only where one is bad
update {arrived} as arr
set "@problem" = case
    when {keyless} then 'row without its key'
    else left(concat_ws('; ', {reasons}), 500)
end
where arr."@problem" is null and ({keyless} or {is_bad})
