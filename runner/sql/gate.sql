-- every way in which the locks between tenants could stand open; no row means none does
with ours as (
    select oid, nspname
    from pg_catalog.pg_namespace
    where
        nspname in (
            'almoner', 'store', 'feed', 'work', 'staging', 'core', 'rollups', 'pub',
            'pub_group', 'marts_candidate', 'quarantine', 'seeds', 'snapshots'
        )
        or nspname like 'raw\_%'
),

reader_roles as (
    select rol.oid, rol.rolname
    from pg_catalog.pg_roles as rol
    where
        rol.rolname = any(array[
            'almoner_reader', 'almoner_administrator', 'almoner_accountant', 'almoner_auditor',
            'almoner_department_head', 'almoner_doctor', 'almoner_api', 'almoner_group',
            'almoner_patient_names'
        ])
        or rol.rolname in (select rea.role_name from almoner.readers as rea)
),

gates as (
    select
        rol.oid,
        rol.rolname,
        gat.inner_schema,
        gat.marts_schema
    from (
        values ('almoner_gate', 'pub', 'marts'), ('almoner_group_gate', 'pub_group', 'marts_group')
    ) as gat (name, inner_schema, marts_schema)
    inner join pg_catalog.pg_roles as rol on gat.name = rol.rolname
),

store_tables as (
    select cls.*
    from pg_catalog.pg_class as cls
    where cls.relnamespace = 'store'::regnamespace and cls.relkind in ('r', 'p')
),

-- who may read each mart, as its definition says and as it is
mart_readers as (
    select distinct
        case rol.name when 'group' then 'marts_group.' else 'marts.' end || def.mart as mart,
        'almoner_' || rol.name as grantee
    from almoner.published_marts as pub
    inner join almoner.mart_definitions as def on pub.mart = def.mart
    cross join lateral unnest(almoner.mart_roles(def.definition -> 'meta')) as rol (name)
    where
        def.release_id = (
            select max(other.release_id)
            from almoner.mart_definitions as other
            where
                other.mart = pub.mart
                and pub.digest = almoner.mart_digest(other.definition)
        )
),

mart_grants as (
    select
        nsp.nspname || '.' || cls.relname as mart,
        case acl.grantee when 0 then 'everybody' else rol.rolname::text end as grantee
    from pg_catalog.pg_class as cls
    inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
    cross join lateral aclexplode(cls.relacl) as acl
    left join pg_catalog.pg_roles as rol on acl.grantee = rol.oid
    where nsp.nspname in ('marts', 'marts_group') and acl.grantee <> cls.relowner
),

reader_views as (
    select
        cls.*,
        nsp.nspname,
        coalesce(gat.oid, 'almoner_gate'::regrole) as gate
    from pg_catalog.pg_class as cls
    inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
    left join gates as gat on nsp.nspname in (gat.inner_schema, gat.marts_schema)
    where (gat.oid is not null or nsp.nspname = 'patients') and cls.relkind in ('r', 'p', 'v', 'm', 'f')
),

privileges as (
    select
        nsp.nspname || '.' || cls.relname as object,
        cls.relkind,
        nsp.nspname,
        acl.grantee,
        acl.privilege_type
    from pg_catalog.pg_class as cls
    inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
    cross join lateral aclexplode(cls.relacl) as acl
    where
        (nsp.oid in (select oid from ours) or nsp.nspname in ('marts', 'marts_group'))
        and (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))

    union all
    select
        nsp.nspname || '.' || cls.relname || '.' || att.attname,
        cls.relkind,
        nsp.nspname,
        acl.grantee,
        acl.privilege_type
    from pg_catalog.pg_attribute as att
    inner join pg_catalog.pg_class as cls on att.attrelid = cls.oid
    inner join pg_catalog.pg_namespace as nsp on cls.relnamespace = nsp.oid
    cross join lateral aclexplode(att.attacl) as acl
    where
        (nsp.oid in (select oid from ours) or nsp.nspname in ('marts', 'marts_group'))
        and (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))
)

select 'store.' || tab.relname as object, 'row-level security is off or not forced' as fault
from store_tables as tab
where not (tab.relrowsecurity and tab.relforcerowsecurity)

union all
select 'store.' || tab.relname, 'has not exactly the policies builder, gate and gate_group'
from store_tables as tab
where
    (
        select coalesce(array_agg(
            pol.polname || ' ' || pol.polpermissive::text || ' '
            || regexp_replace(pg_get_expr(pol.polqual, pol.polrelid), '\s+', ' ', 'g')
            order by pol.polname
        ), '{}')
        from pg_catalog.pg_policy as pol
        where pol.polrelid = tab.oid
    ) is distinct from array[
        'builder true true',
        'gate true (tenant_id = ( SELECT almoner.reader_tenant() AS reader_tenant))',
        'gate_group true (( SELECT almoner.reads_all_tenants() AS reads_all_tenants)'
        ' OR (tenant_id = ANY (ARRAY( SELECT vis.tenant_id'
        ' FROM almoner.visible_tenants() vis(tenant_id, release_id)))))'
    ]
    or exists (
        select from pg_catalog.pg_policy as pol
        where
            pol.polrelid = tab.oid
            and pol.polroles <> case pol.polname
                when 'gate' then array['almoner_gate'::regrole::oid]
                when 'gate_group' then array['almoner_group_gate'::regrole::oid]
                else array[tab.relowner]
            end
    )

union all
select vie.nspname || '.' || vie.relname, 'is not an owner-rights barrier view of the gate'
from reader_views as vie
where
    vie.relkind <> 'v'
    or vie.relowner <> vie.gate
    or not coalesce(vie.reloptions @> array['security_barrier=true'], false)
    or coalesce(vie.reloptions::text ~ 'security_invoker=(true|on|1|yes)', false)

union all
select pri.object, 'is open to readers or to everybody (' || pri.privilege_type || ')'
from privileges as pri
where pri.nspname not in ('marts', 'marts_group') or pri.privilege_type <> 'SELECT' or pri.grantee = 0

union all
select
    coalesce(has.mart, may.mart),
    case
        when may.mart is null then 'is open to ' || has.grantee || ', which its yml does not name'
        else 'is closed to ' || may.grantee || ', which its yml names'
    end
from mart_grants as has
full join mart_readers as may on has.mart = may.mart and has.grantee = may.grantee
where has.mart is null or may.mart is null

union all
select 'marts.' || pub.mart, 'is not the view that was published'
from almoner.published_marts as pub
where pub.view_digest is distinct from almoner.mart_views_digest(pub.mart)

union all
select
    rig.object,
    'is open to others than almoner_patient_names (' || rig.privilege_type || ')'
from (
    select
        'patients.' || cls.relname as object,
        acl.grantee,
        acl.privilege_type
    from pg_catalog.pg_class as cls
    cross join lateral aclexplode(cls.relacl) as acl
    where cls.relnamespace = 'patients'::regnamespace and acl.grantee <> cls.relowner
    union all
    select
        'patients.' || cls.relname || '.' || att.attname,
        acl.grantee,
        acl.privilege_type
    from pg_catalog.pg_attribute as att
    inner join pg_catalog.pg_class as cls on att.attrelid = cls.oid
    cross join lateral aclexplode(att.attacl) as acl
    where cls.relnamespace = 'patients'::regnamespace
    union all
    select
        'schema patients',
        acl.grantee,
        acl.privilege_type
    from pg_catalog.pg_namespace as nsp
    cross join lateral aclexplode(nsp.nspacl) as acl
    where
        nsp.nspname = 'patients'
        and acl.grantee not in (nsp.nspowner, 'almoner_gate'::regrole)
) as rig
where
    rig.grantee <> 'almoner_patient_names'::regrole
    or rig.privilege_type not in ('SELECT', 'USAGE')

union all
select rew.ev_class::regclass::text, 'reads who patients are'
from pg_catalog.pg_depend as dep
inner join pg_catalog.pg_rewrite as rew on dep.objid = rew.oid
inner join pg_catalog.pg_class as cls on rew.ev_class = cls.oid
where
    dep.classid = 'pg_catalog.pg_rewrite'::regclass
    and dep.refobjid in (to_regclass('pub.dim_patient_names'), to_regclass('store.dim_patient_names'))
    and exists (
        select from gates as gat
        where cls.relnamespace::regnamespace::text in (gat.inner_schema, gat.marts_schema)
    )
    and rew.ev_class <> to_regclass('pub.dim_patient_names')

union all
select 'schema ' || nsp.nspname, 'is open to readers or to everybody'
from ours as nsp
inner join pg_catalog.pg_namespace as cat on nsp.oid = cat.oid
cross join lateral aclexplode(cat.nspacl) as acl
where
    (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))
    and not (nsp.nspname = 'almoner' and acl.privilege_type = 'USAGE')

union all
select 'schema ' || nsp.nspname, 'lets readers or everybody create'
from pg_catalog.pg_namespace as nsp
cross join lateral aclexplode(nsp.nspacl) as acl
where
    nsp.nspname in ('marts', 'marts_group')
    and (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))
    and acl.privilege_type = 'CREATE'

union all
select 'schema marts_group', 'is open to others than almoner_group'
from pg_catalog.pg_namespace as nsp
cross join lateral aclexplode(nsp.nspacl) as acl
where
    nsp.nspname = 'marts_group'
    and acl.grantee not in (
        nsp.nspowner, 'almoner_group_gate'::regrole, 'almoner_group'::regrole
    )

union all
select 'role ' || rol.rolname, 'is a superuser, bypasses row security or may make roles'
from pg_catalog.pg_roles as rol
where
    (rol.oid in (select oid from gates) or rol.oid in (select oid from reader_roles))
    and (
        rol.rolsuper or rol.rolbypassrls or rol.rolcreaterole or rol.rolcreatedb
        or rol.rolreplication
        or (
            rol.rolcanlogin
            and rol.rolname not in (select rea.role_name from almoner.readers as rea)
        )
    )

union all
select 'role ' || rol.rolname, 'is a member of ' || mem.roleid::regrole::text
from (
    select oid, rolname from reader_roles
    union all
    select oid, rolname from gates
) as rol
inner join pg_catalog.pg_auth_members as mem on rol.oid = mem.member
left join almoner.readers as rea on rol.rolname = rea.role_name
where
    not (coalesce(rea.may_read_names, false) and mem.roleid = 'almoner_patient_names'::regrole)
    and mem.roleid::regrole::text is distinct from case
        when rea.role is not null then 'almoner_' || rea.role
        when
            rol.rolname not in ('almoner_reader', 'almoner_patient_names')
            and rol.oid not in (select oid from gates)
            then 'almoner_reader'
    end

union all
select 'store.' || tab.relname, 'is owned by the gate'
from store_tables as tab
where tab.relowner in (select oid from gates)

union all
-- of roles that can make something here: any login may change its own, and must not stop a build
select distinct
    'default privileges of ' || def.defaclrole::regrole::text,
    'grant new objects to readers or to everybody'
from pg_catalog.pg_default_acl as def
cross join lateral aclexplode(def.defaclacl) as acl
where
    (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))
    and exists (
        select from pg_catalog.pg_namespace as nsp
        where
            (nsp.oid in (select oid from ours) or nsp.nspname in ('marts', 'marts_group'))
            and has_schema_privilege(def.defaclrole, nsp.oid, 'create')
    )

union all
select pro.oid::regprocedure::text, 'runs with its owner''s rights and no fixed search_path'
from pg_catalog.pg_proc as pro
where
    pro.prosecdef
    and (
        pro.pronamespace in (select oid from ours)
        or pro.pronamespace in ('marts'::regnamespace, 'marts_group'::regnamespace)
    )
    and not coalesce(pro.proconfig::text ~ 'search_path=', false)

union all
select pro.oid::regprocedure::text, 'gives readers or everybody its owner''s rights'
from pg_catalog.pg_proc as pro
cross join lateral aclexplode(coalesce(pro.proacl, acldefault('f', pro.proowner))) as acl
where
    pro.prosecdef
    and pro.pronamespace in (select oid from ours)
    and not (
        pro.pronamespace = 'almoner'::regnamespace
        and pro.proname in (
            'reader_tenant', 'reader_release', 'reader_role', 'reader_departments',
            'reader_practitioner', 'visible_tenants', 'reads_all_tenants',
            'precedes_policy', 'tenants_before_policy'
        )
    )
    and acl.privilege_type = 'EXECUTE'
    and (acl.grantee = 0 or acl.grantee in (select oid from reader_roles))

union all
select pro.oid::regprocedure::text, 'must be stable: it decides what a reader sees'
from pg_catalog.pg_proc as pro
where
    pro.pronamespace = 'almoner'::regnamespace
    and pro.proname in (
        'reader_tenant', 'reader_release', 'reader_role', 'reader_departments',
        'reader_practitioner', 'visible_tenants', 'reads_all_tenants',
        'precedes_policy', 'tenants_before_policy'
    )
    and (pro.provolatile <> 's' or not pro.prosecdef)

union all
select 'database ' || dat.datname, 'lets everybody make temporary tables'
from pg_catalog.pg_database as dat
cross join lateral aclexplode(coalesce(dat.datacl, acldefault('d', dat.datdba))) as acl
where
    dat.datname = current_database()
    and acl.grantee = 0
    and acl.privilege_type = 'TEMPORARY'
