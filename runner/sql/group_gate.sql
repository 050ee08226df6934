-- the views of released tables, and the policies beneath them, for readers of several tenants:
-- made or made anew where the single tenant's are new or have another column
do $$
declare
    tab record;
    statement text;
begin
    for tab in
        select cls.relname as name
        from pg_catalog.pg_class as cls
        where
            cls.relnamespace = 'store'::regnamespace
            and cls.relkind in ('r', 'p')
            and not exists (
                select from pg_catalog.pg_policy as pol
                where pol.polrelid = cls.oid and pol.polname = 'gate_group'
            )
        order by cls.relname
    loop
        -- without the first term all tenants would be compared with each row
        execute format(
            'create policy gate_group on store.%I for select to almoner_group_gate using ('
            '(select almoner.reads_all_tenants()) or tenant_id = any(array('
            'select vis.tenant_id from almoner.visible_tenants() as vis)))',
            tab.name
        );
    end loop;
    for tab in
        select
            sto.relname as name,
            to_regclass(format('pub_group.%I', sto.relname)) as twin,
            case
                when pg_get_viewdef(max(vie.oid)) like '%precedes_policy%'
                    then ' where vis.tenant_id not in'
                    ' (select bef.tenant_id from almoner.tenants_before_policy() as bef (tenant_id))'
                else ''
            end as condition,
            -- asked for the listed tenant and not for the row's: what a reader asks of another
            -- tenant is then planned without looking at statistics or partitions
            string_agg(
                format(
                    case att.attname when 'tenant_id' then 'vis.%I' else 'sto.%I' end, att.attname
                ),
                ', ' order by att.attnum
            ) as columns
        from pg_catalog.pg_class as sto
        inner join pg_catalog.pg_class as vie
            on vie.relnamespace = 'pub'::regnamespace and sto.relname = vie.relname
        inner join pg_catalog.pg_attribute as att on vie.oid = att.attrelid
        where
            sto.relnamespace = 'store'::regnamespace
            and sto.relkind in ('r', 'p')
            and sto.relname <> 'dim_patient_names'
        group by sto.relname
        order by sto.relname
    loop
        -- the planner may not choose another way than tenant by tenant: `with` sees to that
        statement := format(
            'create or replace view pub_group.%1$I with (security_barrier = true) as'
            ' select %2$s from almoner.visible_tenants() as vis'
            ' cross join lateral ('
            'with sto as (select * from store.%1$I) select * from sto'
            ' where sto.tenant_id = vis.tenant_id'
            ' and sto.released_in <= vis.release_id and sto.retired_in > vis.release_id'
            ') as sto%3$s',
            tab.name, tab.columns, tab.condition
        );
        continue when obj_description(tab.twin, 'pg_class') = md5(statement);
        execute statement;
        execute format('alter view pub_group.%I owner to almoner_group_gate', tab.name);
        execute format('grant select on store.%I to almoner_group_gate', tab.name);
        execute format('comment on view pub_group.%I is %L', tab.name, md5(statement));
    end loop;
end
$$
