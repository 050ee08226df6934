"""What each role sees of its tenant: the marts and the rows that the marts' yml names."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import access, publication, releases
from runner.errors import ConfigError, PublicationError
from runner.roles import Role
from tests.acceptance.charges import CHARGES, publish
from tests.acceptance.conftest import Installation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

HEAD = Role("department_head", (1, 2))


@pytest.fixture(scope="module")
def installation(demo: Installation, session_databases: Databases) -> Installation:
    """Give one copy for all of these tests: each makes logins and marts of its own."""
    return Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )


def _login(installation: Installation, role: Role, tenant: str = "demo_1") -> str:
    with installation.connect() as connection:
        return access.grant(connection, installation.target, tenant, None, role).dsn


def _ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as session:
        return session.execute(query.encode()).fetchall()


def _may_read(url: str) -> set[str]:
    """Give the marts that a login may read, by trying."""
    names = _ask(
        url,
        "select relname from pg_class where relnamespace = 'marts'::regnamespace"
        " and relname not in ('charges', 'charge_total')",
    )
    readable = set()
    with psycopg.connect(url, autocommit=True) as session:
        for (name,) in names:
            try:
                session.execute(f"select from marts.{name} limit 0".encode())
                readable.add(name)
            except psycopg.errors.InsufficientPrivilege:
                pass
    return readable


def test_each_role_reads_the_marts_that_name_it(installation: Installation) -> None:
    every = {mart.name for mart in installation.marts()} - {"charges", "charge_total"}
    for name in ("administrator", "accountant", "auditor"):
        assert _may_read(_login(installation, Role(name))) == every
    assert _may_read(_login(installation, HEAD)) == {
        "dept_revenue_daily", "patients_by_department", "patients_by_department_and_type",
        "reporting_days", "volume_vs_revenue",
    }  # fmt: skip
    assert _may_read(_login(installation, Role("doctor", (), 1))) == {
        "reporting_days",
        "revenue_by_doctor",
    }


def test_a_department_head_sees_own_departments_only(installation: Installation) -> None:
    query = "select * from marts.dept_revenue_daily"
    mine = _ask(_login(installation, HEAD), query)
    every = _ask(installation.login("demo_1"), query)
    assert sorted(mine, key=repr) == sorted((row for row in every if row[1] in (1, 2)), key=repr)
    assert 0 < len(mine) < len(every)


def test_a_doctor_sees_own_work_only(installation: Installation) -> None:
    publish(installation, "charges", CHARGES)
    query = "select practitioner_id, count(*) from marts.charges group by 1"
    every = dict(_ask(installation.login("demo_1"), query))
    doctor = min(every)
    url = _login(installation, Role("doctor", (), doctor))
    assert _ask(url, query) == [(doctor, every[doctor])]
    assert len(every) > 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _ask(_login(installation, HEAD), query)


def test_a_changed_yml_takes_and_gives_rights(installation: Installation) -> None:
    publish(installation, "lines", CHARGES)
    head, accountant = _login(installation, HEAD), _login(installation, Role("accountant"))
    meta = {"grain": ["tenant_id"], "access": {
        "roles": ["auditor"], "row_scope": {"department_head": "department_id"},
    }}  # fmt: skip
    assert "lines" in _may_read(accountant)
    publish(installation, "lines", {**CHARGES, "meta": meta})
    assert "lines" not in _may_read(accountant)
    seen = _ask(head, "select distinct department_id from marts.lines order by 1")
    assert seen == [(1,), (2,)]


def test_a_mart_that_reads_another_needs_no_right_on_it(installation: Installation) -> None:
    """A total over a mart that is scoped by rows is still a total for who may see it."""
    total = {
        **CHARGES,
        "sql": "select tenant_id, count(*) as line_count from pub.charges group by tenant_id",
        "columns": [],
        "meta": {"access": {"roles": ["doctor"]}},
        "reads": ["charges"],
    }
    publish(installation, "charges", CHARGES)
    publish(installation, "charge_total", total)
    query = "select line_count from marts.charge_total"
    assert _ask(_login(installation, Role("doctor", (), 1)), query) == _ask(
        installation.login("demo_1"), query
    )


@pytest.mark.parametrize(
    "role",
    [Role(HEAD.name), Role("doctor"), Role("auditor", (1,)), Role("accountant", (), 4)],
    ids=repr,
)
def test_a_role_has_the_scope_that_it_needs(installation: Installation, role: Role) -> None:
    with installation.connect() as connection, pytest.raises(ConfigError, match=role.name):
        access.grant(connection, installation.target, "demo_1", None, role)


@pytest.mark.parametrize(
    "statement",
    [
        "set almoner.tenant = 'demo_2'",
        "select set_config('almoner.departments', '{1,2,3,4,5}', false)",
        "set role almoner_department_head",
    ],
)
def test_no_setting_widens_a_scope(installation: Installation, statement: str) -> None:
    with psycopg.connect(_login(installation, HEAD), autocommit=True) as session:
        session.execute(statement.encode())
        found = session.execute(
            "select distinct tenant_id, department_id from marts.dept_revenue_daily order by 2"
        ).fetchall()
    assert found == [("demo_1", 1), ("demo_1", 2)]


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("grant select on marts.ar_aging to almoner_doctor", "open to almoner_doctor"),
        ("grant select on marts.ar_aging to almoner_reader", "open to almoner_reader"),
        ("revoke select on marts.ar_aging from almoner_auditor", "closed to almoner_auditor"),
        ("grant almoner_administrator to almoner_doctor", "member of almoner_administrator"),
        (
            "create or replace view marts.dept_revenue_daily with (security_barrier) as"
            " select * from pub.dept_revenue_daily",
            "not the view that was published",
        ),
        ("drop view marts.trial_balance", "not the view that was published"),
        ("alter role almoner_doctor login", "role almoner_doctor"),
        ("alter function almoner.reader_role() immutable", "must be stable"),
    ],
)
def test_the_gate_finds_a_right_that_no_yml_gives(
    installation: Installation, fault: str, named: str
) -> None:
    with installation.connect() as connection:
        publication.check_gate(connection)
        with connection.transaction(force_rollback=True):
            connection.execute(fault.encode())
            with pytest.raises(PublicationError, match=named):
                publication.check_gate(connection)


def test_a_login_in_a_second_role_is_found(installation: Installation) -> None:
    url = _login(installation, HEAD)
    with installation.connect() as connection:
        login = conninfo_to_dict(url)["user"]
        with connection.transaction(force_rollback=True):
            connection.execute(f'grant almoner_administrator to "{login}"'.encode())
            with pytest.raises(PublicationError, match="member of almoner_administrator"):
                publication.check_gate(connection)


def test_a_login_that_was_granted_before_begins_as_a_new_one(installation: Installation) -> None:
    url = _login(installation, Role("auditor"))
    role = str(conninfo_to_dict(url)["user"])
    assert _ask(url, "show enable_mergejoin") == [("off",)]
    with installation.connect() as connection:
        connection.execute(
            sql.SQL("alter role {} in database {} reset enable_mergejoin").format(
                sql.Identifier(role), sql.Identifier(connection.info.dbname)
            )
        )
        connection.execute("comment on schema almoner is 'of an earlier version'")
    assert _ask(url, "show enable_mergejoin") == [("on",)]
    with installation.connect() as connection:
        releases.prepare(connection)
    assert _ask(url, "show enable_mergejoin") == [("off",)]
