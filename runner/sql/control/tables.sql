-- the engine's own tables
create sequence if not exists almoner.release_numbers as int;

-- when a look at all sources last found nothing new, in seconds since 1970; unlogged, so that
-- noting it is no transaction, which the next look would have to look into
create unlogged sequence if not exists almoner.looked_at;

create table if not exists almoner.releases (
    release_id int primary key,
    state text not null check (state in ('building', 'published', 'reverted')),
    previous_release_id int references almoner.releases (release_id),
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    publish_xid xid8,
    reason text,
    pruned_at timestamptz
);
create unique index if not exists one_release_is_building
on almoner.releases (state) where state = 'building';

create table if not exists almoner.pointers (
    tenant_id text primary key,
    release_id int not null references almoner.releases (release_id)
);

-- a tenant does not see the releases from `since_release` on, until `until_release` or, where
-- that is null, until the hold is lifted; meanwhile it reads `reads_release`, or nothing
create table if not exists almoner.holds (
    hold_id bigint generated always as identity primary key,
    tenant_id text not null,
    since_release int not null,
    until_release int,
    reads_release int,
    kind text not null check (kind in ('audit', 'manual')),
    reason text not null,
    held_at timestamptz not null default now(),
    held_by text not null default session_user,
    lifted_at timestamptz,
    lifted_by text
);
create unique index if not exists one_hold_of_a_tenant_is_open
on almoner.holds (tenant_id) where lifted_at is null;

-- what the audits of a release found, by tenant, with some of the rows that failed
create table if not exists almoner.audit_failures (
    release_id int not null,
    tenant_id text not null,
    audit text not null,
    rows_failed bigint not null,
    sample jsonb not null,
    primary key (release_id, tenant_id, audit)
);

-- a login reads for its tenant, an API's for the one that its claim names; a department head
-- sees own departments, a doctor own work; a group reader reads several tenants or all
create table if not exists almoner.readers (
    role_name text primary key,
    tenant_id text,
    role text not null default 'administrator',
    departments bigint[],
    practitioner_id bigint,
    may_read_names boolean not null default false,
    reads_all_tenants boolean not null default false,
    granted_at timestamptz not null default now()
);

create table if not exists almoner.reader_tenants (
    role_name text not null references almoner.readers on delete cascade,
    tenant_id text not null,
    primary key (role_name, tenant_id)
);

-- the two keys whose claims are valid; the pads are the key as HMAC mixes it in
create table if not exists almoner.claim_keys (
    key_id bigint generated always as identity primary key,
    secret bytea not null,
    inner_pad bytea not null,
    outer_pad bytea not null,
    made_at timestamptz not null default now()
);

create table if not exists almoner.model_builds (
    model text not null,
    release_id int not null,
    definition text not null,
    primary key (model, release_id)
);

-- the parts of each definition that was ever built, by which plans give their reasons
create table if not exists almoner.definitions (
    definition text primary key,
    parts jsonb not null
);

create table if not exists almoner.plans (
    release_id int not null,
    model text not null,
    mode text not null check (mode in ('full', 'incremental')),
    since int not null,
    definition text not null,
    primary key (release_id, model)
);

create table if not exists almoner.feed_log (
    feed text not null,
    release_id int not null,
    is_full boolean not null default false,
    primary key (feed, release_id)
);

create table if not exists almoner.mart_definitions (
    mart text not null,
    release_id int not null,
    definition jsonb not null,
    primary key (mart, release_id)
);

-- `view_digest` is of the views as PostgreSQL has them: the gate finds one changed by hand
create table if not exists almoner.published_marts (
    mart text primary key,
    digest text not null,
    view_digest text
);

create table if not exists almoner.watermarks (
    source_id text not null,
    table_name text not null,
    release_id int not null,
    server_identity text not null,
    snapshot_xmin numeric not null,
    row_count bigint not null,
    aside_count bigint not null default 0,
    rows_skipped bigint not null default 0,
    synced_at timestamptz not null,
    primary key (source_id, table_name)
);

-- how each table was read last; what was written before `cursor_from` is in raw
create table if not exists almoner.readings (
    source_id text not null,
    table_name text not null,
    rule text not null check (rule in ('xmin', 'cursor', 'whole')),
    refusal text,
    cursor_from timestamptz,
    cursor_fault text,
    read_at timestamptz not null,
    verified_at timestamptz,
    primary key (source_id, table_name)
);

-- what Great Expectations found of the rows that landed up to a release
create table if not exists almoner.validations (
    release_id int primary key,
    validated_at timestamptz not null,
    errors int not null,
    warnings int not null
);

create table if not exists almoner.removed_tenants (
    tenant_id text primary key,
    source_id text not null,
    removed_at timestamptz not null default now(),
    removed_by text not null default session_user
);

create table if not exists almoner.landings (
    release_id int not null,
    source_id text not null,
    table_name text not null,
    rows_landed bigint not null,
    rows_deleted bigint not null,
    rows_quarantined bigint not null,
    primary key (release_id, source_id, table_name)
);

create table if not exists almoner.project_files (
    only_row boolean primary key check (only_row),
    fingerprint text not null,
    release_id int not null
);

-- releases that a person keeps
create table if not exists almoner.pins (
    release_id int primary key references almoner.releases (release_id),
    reason text not null,
    pinned_at timestamptz not null default now(),
    pinned_by text not null default session_user
);

-- rows that could not land, as the sources have them now; `copy` tells equal rows apart
create table if not exists quarantine.rows (
    row_id bigint generated always as identity primary key,
    source_id text not null,
    tenant_id text,
    entity text not null,
    reason text not null,
    copy int not null,
    row_data jsonb not null,
    recorded_at timestamptz,
    landed_in int not null,
    file text,
    line bigint
);
create index if not exists rows_of_entity on quarantine.rows (source_id, entity);
create table if not exists feed.quarantine__rows (
    release_id int not null,
    source_id text,
    tenant_id text,
    entity text,
    row_id bigint
);
create index if not exists quarantine__rows_release on feed.quarantine__rows (release_id);

-- the files that landed: every row of one was landed or set aside, then
create table if not exists almoner.landed_files (
    release_id int not null,
    source_id text not null,
    table_name text not null,
    path text not null,
    is_appended boolean not null,
    size bigint not null,
    modified_ns bigint not null,
    sha256 text not null,
    rows_read bigint not null,
    rows_landed bigint not null,
    rows_quarantined bigint not null,
    check (rows_read = rows_landed + rows_quarantined),
    primary key (release_id, source_id, table_name, path)
);

-- what each tenant's reports keep to: every change, the last one counts. Nothing is
-- withheld where `minimum_patients` is null; two would tell that a withheld count is one.
-- `late_changes`: what becomes of later changes of a month that is closed from then on
create table if not exists almoner.tenant_policies (
    policy_id bigint generated always as identity primary key,
    tenant_id text not null,
    minimum_patients int check (minimum_patients >= 3),
    set_at timestamptz not null default now(),
    set_by text not null default session_user
);
-- of a database from before periods were closed; asked first, since it is a transaction
do $$
begin
    if not exists (
        select from pg_catalog.pg_attribute
        where
            attrelid = 'almoner.tenant_policies'::regclass
            and attname = 'late_changes'
    ) then
        alter table almoner.tenant_policies
        add column late_changes text not null default 'restate'
        check (late_changes in ('restate', 'carry-forward'));
    end if;
end
$$;
create table if not exists feed.almoner__tenant_policies (
    release_id int not null,
    source_id text,
    tenant_id text,
    policy_id bigint
);
create index if not exists almoner__tenant_policies_release
on feed.almoner__tenant_policies (release_id);

-- what a tenant means to earn in a month, of a revenue point or of `all`: every change, the
-- last one counts; null takes the target away
create table if not exists almoner.revenue_targets (
    target_id bigint generated always as identity primary key,
    tenant_id text not null,
    month_start_date date not null check (extract(day from month_start_date) = 1),
    revenue_point_code text not null,
    currency_code text not null,
    amount numeric check (amount >= 0 and amount < 'Infinity'),
    set_at timestamptz not null default now(),
    set_by text not null default session_user
);
create table if not exists feed.almoner__revenue_targets (
    release_id int not null,
    source_id text,
    tenant_id text,
    target_id bigint
);
create index if not exists almoner__revenue_targets_release
on feed.almoner__revenue_targets (release_id);

-- months that tenants closed and opened again: every step. A close pins the release that the
-- tenant read then, and keeps what its policy says of later changes. A step lands in a release
-- that is given up; the builds after `landed_in` know of it. A month is closed with
-- those before it, and opened with those after it
create table if not exists almoner.period_steps (
    step_id bigint generated always as identity primary key,
    tenant_id text not null,
    action text not null check (action in ('close', 'reopen')),
    month_start_date date not null check (extract(day from month_start_date) = 1),
    release_id int references almoner.releases (release_id),
    landed_in int not null,
    late_changes text check (late_changes in ('restate', 'carry-forward')),
    reason text,
    done_by text not null,
    done_at timestamptz not null default clock_timestamp(),
    login text not null default session_user,
    check ((action = 'close') = (release_id is not null and late_changes is not null))
);
create index if not exists period_steps_of_tenant on almoner.period_steps (tenant_id, step_id);
create table if not exists feed.almoner__closed_periods (
    release_id int not null,
    source_id text,
    tenant_id text,
    closing_id bigint
);
create index if not exists almoner__closed_periods_release
on feed.almoner__closed_periods (release_id);

-- write-offs that are asked for here, beside those of the sources: each request and each
-- decision as it was made. They are only added to (control/engine.sql), and a write-off is
-- decided once
create table if not exists almoner.write_offs (
    write_off_id bigint generated always as identity primary key,
    tenant_id text not null,
    invoice_id bigint not null,
    share text not null check (share in ('patient', 'payer')),
    category text not null,
    currency_code text not null,
    base_rate numeric not null check (base_rate > 0),
    amount numeric not null check (amount > 0 and amount < 'Infinity'),
    reason text not null check (reason <> ''),
    business_date date not null,
    requested_by text not null,
    requested_at timestamptz not null default clock_timestamp(),
    login text not null default session_user
);
create index if not exists write_offs_of_invoice on almoner.write_offs (tenant_id, invoice_id);

create table if not exists almoner.write_off_decisions (
    write_off_id bigint primary key references almoner.write_offs,
    tenant_id text not null,
    status text not null check (status in ('approved', 'rejected', 'cancelled')),
    reason text,
    business_date date not null,
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp(),
    login text not null default session_user
);

-- an approval that was taken back: once, and for good
create table if not exists almoner.write_off_reversals (
    write_off_id bigint primary key references almoner.write_offs,
    tenant_id text not null,
    reason text not null check (reason <> ''),
    business_date date not null,
    reversed_by text not null,
    reversed_at timestamptz not null default clock_timestamp(),
    login text not null default session_user
);

-- who may ask for a tenant's write-offs, and who may approve them: every change, the last
-- one counts
create table if not exists almoner.write_off_rights (
    right_id bigint generated always as identity primary key,
    tenant_id text not null,
    principal text not null,
    may text not null check (may in ('request', 'approve')),
    is_granted boolean not null,
    set_at timestamptz not null default clock_timestamp(),
    set_by text not null default session_user
);
create index if not exists write_off_rights_of_principal
on almoner.write_off_rights (tenant_id, principal, may, right_id);

-- the write-offs as the last build found them: what is decided while one runs waits for the
-- next. Their keys are below zero, where no source has any
create table if not exists almoner.landed_write_offs (
    tenant_id text not null,
    adjustment_id bigint not null,
    invoice_id bigint not null,
    category text not null,
    share text not null,
    currency_code text not null,
    base_rate numeric not null,
    amount numeric not null,
    status text not null,
    requester text not null,
    approver text,
    adjustment_date date not null,
    recorded_at timestamptz not null,
    landed_in int not null,
    reversal_date date,
    reversed_at timestamptz,
    primary key (tenant_id, adjustment_id)
);
-- of a database from before write-offs were reversed; asked first, since it waits for readers
do $$
begin
    if not exists (
        select from pg_catalog.pg_attribute
        where
            attrelid = 'almoner.landed_write_offs'::regclass
            and attname = 'reversed_at'
    ) then
        alter table almoner.landed_write_offs
        add column if not exists reversal_date date,
        add column reversed_at timestamptz;
    end if;
end
$$;
create index if not exists landed_write_offs_of_invoice
on almoner.landed_write_offs (tenant_id, invoice_id);
create table if not exists feed.almoner__landed_write_offs (
    release_id int not null,
    source_id text,
    tenant_id text,
    adjustment_id bigint
);
create index if not exists almoner__landed_write_offs_release
on feed.almoner__landed_write_offs (release_id);
