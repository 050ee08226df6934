"""A group reader sees exactly its tenants, each at the release that it is shown."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import access, db, holds, publication, tenants
from runner.errors import ConfigError, PublicationError
from runner.marts import Mart
from runner.roles import Role
from tests.acceptance.conftest import DAYS, END, Installation, Published
from tests.command import Command
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

Seen = dict[str, list[tuple[Any, ...]]]
TWO = ("demo_1", "demo_2")
BY_ROW = {"excessive_write_offs"}  # a lateral of its own, through an index
# each month is looked up, most with the two that they are compared with
BY_MONTH = {
    "revenue_by_department", "revenue_by_doctor_monthly", "revenue_by_patient_type_monthly",
    "revenue_by_payer_monthly", "revenue_by_service_category_monthly",
    "revenue_by_service_monthly", "revenue_point_monthly", "collections_monthly",
    "collections_by_method_monthly", "profitability", "volume_vs_revenue",
}  # fmt: skip
MONTHS = 3 * 3  # of three tenants
# each day of each of the three is joined by itself
BY_DAY = {"ar_roll_forward", "bill_statuses", "bill_status_summary"}
ONE_DAY = 3


def _login(installation: Installation, *named: str) -> str:
    """Make a login that reads these tenants, or all."""
    role = Role("group", tenants=named, all_tenants=not named)
    with installation.connect() as connection:
        return access.grant(connection, installation.target, None, None, role).dsn


@pytest.fixture(scope="module")
def shared(demo: Installation, session_databases: Databases) -> Installation:
    """Give one copy for the tests that only make logins."""
    return Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )


@pytest.fixture(scope="module")
def of_two(shared: Installation) -> str:
    """Give a login that reads the first two of three tenants."""
    return _login(shared, *TWO)


def _of(seen: Seen, *named: str) -> Seen:
    """Give the rows of these tenants."""
    return {
        mart: sorted((row for row in rows if row[0] in named), key=repr)
        for mart, rows in seen.items()
    }


def _seen(url: str, marts: list[Mart], *, as_known_at: str = "") -> Seen:
    """Give what a login reads of each mart."""
    found: Seen = {}
    with psycopg.connect(url) as session:
        session.execute("select set_config('almoner.as_known_at', %s, false)", (as_known_at,))
        for mart in marts:
            query = sql.SQL("select * from {} where true{}").format(
                sql.Identifier(mart.name), _within(mart)
            )
            found[mart.name] = sorted(session.execute(query).fetchall(), key=repr)
    return found


def _within(mart: Mart) -> sql.Composable:
    if mart.date_column != "as_of_date":
        return sql.SQL("")
    return sql.SQL(" and as_of_date = any({})").format(sql.Literal(list(DAYS)))


def test_one_tenants_reader_cannot_read_them(shared: Installation) -> None:
    with psycopg.connect(shared.login("demo_1"), autocommit=True) as session:
        for query in (
            "select * from marts_group.dept_revenue_daily",
            "select * from almoner.visible_tenants()",
            "set role almoner_group",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(query.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "set role almoner_group_gate",
        "set role almoner_administrator",
        "create view marts_group.stolen as select 1 as one",
        "insert into marts_group.dept_revenue_daily default values",
        "select * from almoner.reader_tenants",
        "select almoner.release_known_at('1', 'demo_3', 1)",
    ],
)
def test_a_group_reader_may_not(of_two: str, statement: str) -> None:
    with (
        psycopg.connect(of_two, autocommit=True) as session,
        pytest.raises(
            (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.ObjectNotInPrerequisiteState,
                psycopg.errors.NotNullViolation,
            )
        ),
    ):
        session.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    ["set almoner.tenant = 'demo_3'", "set search_path = pub_group, store, marts_group"],
)
def test_no_setting_changes_which_tenants_are_seen(of_two: str, statement: str) -> None:
    with psycopg.connect(of_two, autocommit=True) as session:
        session.execute(statement.encode())
        found = session.execute(
            "select distinct tenant_id from marts_group.dept_revenue_daily order by 1"
        ).fetchall()
    assert found == [(tenant,) for tenant in TWO]


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("enable_nestloop = on", "enable_hashjoin = off", "enable_mergejoin = off"),
        ("enable_indexscan = off", "enable_bitmapscan = off", "enable_partition_pruning = off"),
        ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"),
    ],
)
def test_no_plan_shows_others_rows_to_a_leaky_condition(
    shared: Installation, of_two: str, settings: tuple[str, ...]
) -> None:
    """A condition that fails on a row of the third tenant fails on none."""
    with psycopg.connect(of_two, autocommit=True) as session:
        for setting in settings:
            session.execute(f"set {setting}".encode())
        for mart in shared.marts():
            leaky = sql.SQL(
                "select from {} where tenant_id not in ('demo_1', 'demo_2')"
                " and 1 / (tenant_id = '')::int = 1{}"
            ).format(sql.Identifier(mart.name), _of_a_day(mart))
            assert session.execute(leaky).fetchall() == []
            plan = session.execute(sql.SQL("explain (verbose) ") + leaky).fetchall()
            assert not any("demo_3" in line for (line,) in plan)


def _of_a_day(mart: Mart) -> sql.Composable:
    if mart.date_column != "as_of_date":
        return sql.SQL("")
    return sql.SQL(" and as_of_date = {}").format(sql.Literal(END))


def test_partitions_of_other_tenants_are_not_touched(shared: Installation) -> None:
    with psycopg.connect(_login(shared, "demo_1")) as session:
        told = session.execute(
            "explain (analyze, timing off, format json) select * from transaction_detail"
        ).fetchone()
    assert told is not None
    scans = [
        node for node in _nodes(told[0][0]["Plan"])
        if node.get("Relation Name", "").startswith("fct_postings_p")
    ]  # fmt: skip
    assert len(scans) > 1
    assert sum(node["Actual Loops"] > 0 for node in scans) == 1


def test_no_mart_reads_a_table_again_for_each_row_of_another(shared: Installation) -> None:
    with psycopg.connect(_login(shared)) as session:
        for mart in shared.marts():
            query = sql.SQL(
                "explain (analyze, timing off, format json) select * from {} where true{}"
            ).format(sql.Identifier(mart.name), _of_a_day(mart))
            told = session.execute(query).fetchone()
            assert told is not None
            again = [
                node["Actual Loops"] for node in _nodes(told[0][0]["Plan"])
                if node.get("Function Name") == "visible_tenants"
            ]  # fmt: skip
            most = 3 * MONTHS if mart.name in BY_MONTH else ONE_DAY if mart.name in BY_DAY else 1
            assert max(again) <= most or mart.name in BY_ROW, mart.name


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", []) for node in _nodes(below))]


def test_a_changed_list_counts_at_once(shared: Installation) -> None:
    url = _login(shared, "demo_1")
    query = "select distinct tenant_id from dept_revenue_daily order by 1"
    with psycopg.connect(url, autocommit=True) as session, shared.connect() as connection:
        assert session.execute(query).fetchall() == [("demo_1",)]
        access.change(connection, session.info.user, Role("group", tenants=("demo_2", "demo_3")))
        assert session.execute(query).fetchall() == [("demo_2",), ("demo_3",)]
        access.change(connection, session.info.user, Role("group", all_tenants=True))
        assert len(session.execute(query).fetchall()) == 3
        connection.execute(
            "update almoner.readers set reads_all_tenants = false where role_name = %s",
            (session.info.user,),
        )
        assert session.execute(query).fetchall() == []
        access.revoke(connection, session.info.user)
        with pytest.raises(psycopg.OperationalError):
            session.execute(query)


def test_each_tenant_is_seen_at_its_own_release(
    installation: Installation, shown: Published
) -> None:
    url, every = _login(installation, *TWO), _login(installation)
    marts = installation.marts()
    with installation.connect() as connection:
        holds.hold(connection, "demo_1", "by this test")
    installation.live(1)
    installation.build()
    after = installation.published()
    assert _of(after, "demo_1") == _of(shown, "demo_1")
    assert _of(after, "demo_2") != _of(shown, "demo_2")
    assert _seen(url, marts) == _of(after, *TWO)
    assert _seen(url, marts, as_known_at="1") == _of(shown, *TWO)
    with installation.connect() as connection:
        tenants.remove(connection, "demo_1")
        listed = {row["login"]: row["tenant"] for row in access.listing(connection)}
        publication.check_gate(connection)
    assert sorted(map(str, listed.values())) == ["all", "demo_2"]
    assert _seen(url, marts) == _of(after, "demo_2")
    assert _seen(every, marts) == _of(after, "demo_2", "demo_3")


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("drop policy gate_group on store.fct_postings_p1", "fct_postings_p1: has not exactly"),
        ("alter policy gate_group on store.fct_postings using (true)", "has not exactly"),
        ("alter policy gate_group on store.fct_postings to public", "has not exactly"),
        ("alter policy gate on store.fct_postings to almoner_group_gate", "has not exactly"),
        ("alter view pub_group.fct_postings set (security_barrier = false)", "barrier"),
        ("alter view pub_group.fct_postings set (security_invoker = true)", "barrier"),
        (
            "grant create on schema marts_group to almoner_gate;"
            " alter view marts_group.ar_aging owner to almoner_gate",
            "ar_aging: is not an owner-rights barrier",
        ),
        ("create table marts_group.copy (id int)", "marts_group.copy"),
        ("grant select on pub_group.fct_postings to almoner_group", "open to readers"),
        ("grant usage on schema pub_group to almoner_group", "schema pub_group"),
        ("grant usage on schema marts_group to almoner_reader", "schema marts_group"),
        ("grant create on schema marts_group to almoner_group", "schema marts_group"),
        ("grant select on marts_group.ar_aging to almoner_auditor", "open to almoner_auditor"),
        ("grant select on marts.ar_aging to almoner_group", "open to almoner_group"),
        ("revoke select on marts_group.ar_aging from almoner_group", "closed to almoner_group"),
        ("grant truncate on marts_group.ar_aging to almoner_group", "TRUNCATE"),
        (
            "create or replace view marts_group.dept_revenue_daily with (security_barrier) as"
            " select * from pub_group.dept_revenue_daily",
            "not the view that was published",
        ),
        ("drop view marts_group.trial_balance", "not the view that was published"),
        ("alter function almoner.visible_tenants() immutable", "must be stable"),
        ("alter function almoner.reads_all_tenants() security invoker", "must be stable"),
        ("alter role almoner_group_gate login", "role almoner_group_gate"),
        ("grant almoner_gate to almoner_group_gate", "member of almoner_gate"),
        ("grant almoner_administrator to almoner_group", "member of almoner_administrator"),
        (
            "grant create on schema store to almoner_group_gate;"
            " alter table store.dim_batches owner to almoner_group_gate",
            "dim_batches: is owned by the gate",
        ),
        (
            "create view pub_group.names with (security_barrier) as"
            " select * from store.dim_patient_names",
            "reads who patients are",
        ),
    ],
)
def test_the_gate_refuses_an_open_lock(shared: Installation, fault: str, named: str) -> None:
    with shared.connect() as connection:
        publication.check_gate(connection)
        with connection.transaction(force_rollback=True):
            connection.execute(fault.encode())
            with pytest.raises(PublicationError, match=named):
                publication.check_gate(connection)


@pytest.mark.parametrize(
    "role",
    [
        Role("group"),
        Role("group", tenants=TWO, all_tenants=True),
        Role("auditor", tenants=TWO),
        Role("group", tenants=TWO, patient_names=True),
        Role("group", (1,), tenants=TWO),
    ],
    ids=repr,
)
def test_a_group_reader_has_tenants_and_nothing_else(role: Role) -> None:
    with pytest.raises(ConfigError, match=role.name):
        role.check()


def test_the_commands_make_and_change_a_group_reader(shared: Installation) -> None:
    command = Command.with_project(ALMONER_DSN=shared.target)
    options = ("--tenants", "demo_1, demo_3", "--role", "group", "--json")
    made = json.loads(command.run("access", "grant", *options).out)
    query = "select distinct tenant_id from dept_revenue_daily order by 1"
    with psycopg.connect(made["dsn"], autocommit=True) as session:
        assert session.execute(query).fetchall() == [("demo_1",), ("demo_3",)]
        said = command.run("access", "change", made["login"], "--tenants", "demo_2")
        assert said.out == f"{made['login']} reads demo_2\n"
        assert session.execute(query).fetchall() == [("demo_2",)]
    with shared.connect() as connection:
        with pytest.raises(ConfigError, match="no tenant demo_9"):
            access.change(connection, made["login"], Role("group", tenants=("demo_9",)))
        with pytest.raises(ConfigError, match="not the login of a group"):
            access.change(connection, "nobody", Role("group", all_tenants=True))
        left = db.rows(
            connection,
            "select tenant_id from almoner.reader_tenants where role_name = %s",
            made["login"],
        )
    assert [row["tenant_id"] for row in left] == ["demo_2"]
