-- what would make the bound untrue; asked after it, so that none is missed in between
select
    pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_all,
    pg_is_in_recovery() as is_standby,
    exists (
        select from pg_catalog.pg_prepared_xacts as pre
        where pre.database = current_database()
    ) as is_prepared
