"""A BI login sees exactly its tenant's rows of the marts, and can name nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from runner import access, db, publication, server
from runner.errors import ConfigError, PublicationError
from runner.marts import Mart
from tests.acceptance.conftest import DAYS, END, EXCEPTIONS, Installation, Published
from tests.conftest import Databases, Running

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def sealed(demo: Installation, embedded: Running) -> Iterator[Installation]:
    """Give a copy of the demo that every test leaves as it is."""
    databases = Databases(embedded)
    yield demo.copied(databases)
    databases.drop_all()


def test_two_logins_see_exactly_their_own_rows(
    installation: Installation, shown: Published
) -> None:
    seen: dict[str, list[tuple[object, ...]]] = {name: [] for name in shown}
    for tenant in installation.tenants():
        with psycopg.connect(installation.login(tenant)) as connection:
            for mart in installation.marts():
                query = sql.SQL("select * from {}").format(sql.Identifier(mart.name))
                if mart.date_column == "as_of_date":
                    query += sql.SQL(" where as_of_date = any({})").format(sql.Literal(list(DAYS)))
                rows = connection.execute(query).fetchall()
                assert all(row[0] == tenant for row in rows)
                seen[mart.name].extend(sorted(rows, key=repr))
    assert seen == shown
    assert {mart for mart in shown if not shown[mart]} <= EXCEPTIONS


@pytest.mark.parametrize(
    "statement",
    [
        "create temporary table stolen (id int)",
        "create table marts.stolen (id int)",
        "create table public.stolen (id int)",
        "set role almoner_gate",
        "set session authorization almoner",
        "insert into marts.dept_revenue_daily default values",
        "select almoner.fence(1)",
        "select * from almoner.readers",
        "select lo_create(0)",
        "select lo_from_bytea(0, 'stolen')",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_xact_lock_shared(4017001)",
        "select pg_logical_emit_message(false, 'fill', 'the disk')",
        "select * from pg_catalog.pg_statistic",
        "create schema stolen",
        "create extension dblink",
        "create function pg_temp.leak(text) returns bool language sql as 'select true'",
        "alter role current_user createrole",
        "set session_replication_role = replica",
        "select query_to_xml('select * from almoner.pointers', true, true, '')",
        "do $$ begin perform from store.fct_postings; end $$",
        "alter view marts.dept_revenue_daily set (security_barrier = false)",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/hostname')",
    ],
)
def test_a_login_may_not(sealed: Installation, statement: str) -> None:
    with (
        psycopg.connect(sealed.login("demo_1"), autocommit=True) as connection,
        pytest.raises(
            (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.ObjectNotInPrerequisiteState,
                psycopg.errors.NotNullViolation,
            )
        ),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "set almoner.tenant = 'demo_2'",
        "select set_config('almoner.tenant', 'demo_2', false)",
        "set role almoner_administrator",
        "set search_path = pub, store, marts",
    ],
)
def test_no_setting_changes_whose_rows_are_seen(sealed: Installation, statement: str) -> None:
    with psycopg.connect(sealed.login("demo_1"), autocommit=True) as connection:
        connection.execute(statement.encode())
        tenants = connection.execute(
            "select distinct tenant_id from marts.dept_revenue_daily"
        ).fetchall()
    assert tenants == [("demo_1",)]


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("alter table store.fct_postings disable row level security", "not forced"),
        ("alter table store.fct_postings no force row level security", "not forced"),
        ("alter table store.fct_postings_p3 disable row level security", "fct_postings_p3"),
        ("drop policy gate on store.fct_postings_p1", "policies"),
        ("create policy all_of_it on store.fct_postings using (true)", "policies"),
        ("grant select on store.fct_postings_p2 to almoner_reader", "open to readers"),
        ("grant select on core.fct_postings to public", "open to readers"),
        ("grant select (role_name) on almoner.readers to public", "readers.role_name"),
        ("grant select (amount) on store.fct_postings to almoner_reader", "fct_postings.amount"),
        ("grant usage on schema store to almoner_reader", "schema store"),
        ("grant truncate on marts.dept_revenue_daily to almoner_reader", "TRUNCATE"),
        ("alter view pub.fct_postings set (security_barrier = false)", "barrier"),
        ("alter view marts.dept_revenue_daily set (security_invoker = true)", "barrier"),
        ("create materialized view marts.copy as select 1 as one", "marts.copy"),
        ("create table marts.copy (id int)", "marts.copy"),
        ("alter default privileges grant select on tables to public", "default privileges"),
        ("alter role almoner_gate login", "almoner_gate"),
        (
            "create function marts.leak() returns int language sql security definer as 'select 1'",
            "search_path",
        ),
        (
            "create function almoner.leak() returns int language sql security definer"
            " set search_path = pg_catalog as 'select 1'",
            "owner's rights",
        ),
        ("alter function almoner.reader_tenant() immutable", "must be stable"),
    ],
)
def test_the_gate_refuses_an_open_lock(sealed: Installation, fault: str, named: str) -> None:
    with sealed.connect() as connection:
        publication.check_gate(connection)
        with connection.transaction(force_rollback=True):
            connection.execute(fault.encode())
            with pytest.raises(PublicationError, match=named):
                publication.check_gate(connection)


def test_a_revoked_login_is_gone(installation: Installation) -> None:
    url = installation.login("demo_2")
    with installation.connect() as connection:
        login = db.rows(connection, "select role_name from almoner.readers")[-1]["role_name"]
        access.revoke(connection, login)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_revoking_ends_open_sessions(installation: Installation) -> None:
    with (
        installation.connect() as connection,
        psycopg.connect(installation.login("demo_2")) as session,
    ):
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.execute("declare held cursor for select * from dept_revenue_daily")
        access.revoke(connection, session.info.user)
        with pytest.raises(psycopg.OperationalError):
            session.execute("fetch 1 from held")
        assert not access.listing(connection)


def test_a_login_stops_neither_publication_nor_its_own_end(installation: Installation) -> None:
    """Default privileges are the one thing in the catalog that every role may write."""
    with (
        installation.connect() as connection,
        psycopg.connect(installation.login("demo_1"), autocommit=True) as session,
    ):
        session.execute("alter default privileges grant select on tables to public")
        publication.check_gate(connection)
        access.revoke(connection, session.info.user)
        assert not access.listing(connection)


def test_rolling_back_does_not_wait_for_a_reader(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "PATIENCE", "100ms")
    with (
        installation.connect() as connection,
        psycopg.connect(installation.login("demo_1")) as session,
    ):
        session.execute("select count(*) from dept_revenue_daily")
        with pytest.raises(PublicationError, match="locked by a reader"):
            publication.rollback(connection, 1)
        session.rollback()
        publication.rollback(connection, 1)
        assert session.execute("select count(*) > 0 from dept_revenue_daily").fetchone() == (True,)


def test_nobody_can_leave_a_prepared_transaction() -> None:
    """One keeps its locks without a session, and past the end of its login."""
    assert "max_prepared_transactions = 0\n" in server._configuration()


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_login_reaches_no_other_database(
    embedded: Running, sealed: Installation, database: str
) -> None:
    if not isinstance(embedded, server.Server):
        pytest.skip("a server of somebody else's")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(make_conninfo(sealed.login("demo_1"), dbname=database))


def test_no_statistics_and_no_other_function_are_open(sealed: Installation) -> None:
    with psycopg.connect(sealed.login("demo_1")) as session:
        for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
            statement = (
                f"select from {view} where schemaname !~ '^(pg_catalog|information_schema)'"
            )
            assert session.execute(statement.encode()).fetchall() == []
        functions = session.execute(
            "select pro.proname from pg_proc as pro"
            " inner join pg_namespace as nsp on pro.pronamespace = nsp.oid"
            " where nsp.nspname not in ('pg_catalog', 'information_schema')"
            " and has_function_privilege(pro.oid, 'execute')"
            " and has_schema_privilege(nsp.oid, 'usage') order by pro.proname"
        ).fetchall()
        assert [name for (name,) in functions] == [
            "precedes_policy", "reader_departments", "reader_practitioner", "reader_release",
            "reader_role", "reader_tenant",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        ("debug_parallel_query = on", "parallel_setup_cost = 0", "parallel_tuple_cost = 0"),
        ("enable_indexscan = off", "enable_bitmapscan = off", "enable_partition_pruning = off"),
        ("join_collapse_limit = 1", "geqo_threshold = 2", "plan_cache_mode = force_generic_plan"),
    ],
)
def test_no_plan_shows_others_rows_to_a_leaky_condition(
    sealed: Installation, settings: tuple[str, ...]
) -> None:
    """A condition that fails on any other tenant's row fails on none."""
    with psycopg.connect(sealed.login("demo_1"), autocommit=True) as session:
        for setting in settings:
            if session.info.server_version < 160000:
                setting = setting.replace("debug_parallel_query", "force_parallel_mode")
            session.execute(f"set {setting}".encode())
        for mart in sealed.marts():
            leaky = sql.SQL(
                "select from {} where tenant_id <> 'demo_1' and 1 / (tenant_id = '')::int = 1{}"
            ).format(sql.Identifier(mart.name), _of_a_day(mart))
            assert session.execute(leaky).fetchall() == []
            plan = session.execute(sql.SQL("explain (verbose) ") + leaky).fetchall()
            assert not any("demo_2" in line for (line,) in plan)


def _of_a_day(mart: Mart) -> sql.Composable:
    if mart.date_column != "as_of_date":
        return sql.SQL("")
    return sql.SQL(" and as_of_date = {}").format(sql.Literal(END))


def _seen(installation: Installation, logins: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Give what each login reads of each mart."""
    marts = installation.marts()
    for url in logins:
        with psycopg.connect(url) as session:
            for mart in marts:
                query = sql.SQL("select * from {} where true{}").format(
                    sql.Identifier(mart.name), _of_a_day(mart)
                )
                yield sorted(session.execute(query).fetchall(), key=repr)


def test_a_complete_candidate_is_invisible(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins = [installation.login(tenant) for tenant in ("demo_1", "demo_2")]
    before = list(_seen(installation, logins))

    def refuse(*_: object) -> int:
        with psycopg.connect(installation.target) as connection:
            written = connection.execute(
                "select count(*) from store.fct_postings where released_in = 2"
            ).fetchone()
        assert written != (0,)
        assert list(_seen(installation, logins)) == before
        raise PublicationError("refused", "by this test")

    monkeypatch.setattr(publication, "publish", refuse)
    installation.live(1)
    with pytest.raises(PublicationError, match="refused"):
        installation.build()
    assert list(_seen(installation, logins)) == before


def test_a_login_is_one_tenants_and_cannot_take_every_connection(
    installation: Installation,
) -> None:
    with installation.connect() as connection:
        granted = access.grant(connection, installation.target, "demo_1", None)
        with pytest.raises(ConfigError, match="exists already"):
            access.grant(connection, installation.target, "demo_2", granted.login)
        for name in ("public", "none", "trailing\n", "almoner_gate", "pg_monitor"):
            with pytest.raises(ConfigError):
                access.grant(connection, installation.target, "demo_1", name)
        limit = db.one(
            connection, "select rolconnlimit from pg_roles where rolname = %s", granted.login
        )
    assert limit["rolconnlimit"] == access.CONNECTIONS
