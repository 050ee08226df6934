-- tells these functions and rights, here, of this owner, from others; and what stands here
select
    md5(concat_ws(
        ' ',
        %s::text,
        (select ctl.system_identifier from pg_control_system() as ctl),
        (select dat.oid from pg_database as dat where dat.datname = current_database()),
        current_user,
        current_setting('server_version_num')::int / 10000
    )) as wanted,
    obj_description(to_regnamespace('almoner'), 'pg_namespace') as stands
