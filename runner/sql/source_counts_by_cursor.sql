-- the rows of a source table, and those that its cursor column tells as changed
select
    (select count(*) from {table}) as total,
    (select count(*) from {table} where {changed}) as changed
