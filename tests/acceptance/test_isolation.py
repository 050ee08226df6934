"""A BI login sees exactly its tenant's rows of the marts, and can name nothing else."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from runner import db, publication
from runner.errors import PublicationError
from tests.acceptance.conftest import DAYS, EXCEPTIONS, Installation

pytestmark = pytest.mark.acceptance


def test_two_logins_see_exactly_their_own_rows(installation: Installation) -> None:
    every = installation.published()
    seen: dict[str, list[tuple[object, ...]]] = {name: [] for name in every}
    for tenant in installation.tenants():
        with psycopg.connect(installation.login(tenant)) as connection:
            for mart in installation.marts():
                query = sql.SQL("select * from {}").format(sql.Identifier(mart.name))
                if mart.date_column == "as_of_date":
                    query += sql.SQL(" where as_of_date = any({})").format(sql.Literal(list(DAYS)))
                rows = connection.execute(query).fetchall()
                assert all(row[0] == tenant for row in rows)
                seen[mart.name].extend(sorted(rows, key=repr))
    assert seen == every
    assert {mart for mart in every if not every[mart]} <= EXCEPTIONS


def test_nothing_but_the_marts_can_be_read(installation: Installation) -> None:
    tenant = installation.tenants()[0]
    with psycopg.connect(installation.login(tenant), autocommit=True) as connection:
        relations = connection.execute(
            "select nsp.nspname, cls.relname from pg_class as cls"
            " inner join pg_namespace as nsp on cls.relnamespace = nsp.oid"
            " where cls.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
            " and nsp.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'marts')"
        ).fetchall()
        assert len(relations) > 100
        for name in relations:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    sql.SQL("select * from {} limit 1").format(sql.Identifier(*name))
                )


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
        "select pg_advisory_lock(1)",
        "alter view marts.dept_revenue_daily set (security_barrier = false)",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/hostname')",
    ],
)
def test_a_login_may_not(demo: Installation, installation: Installation, statement: str) -> None:
    with (
        psycopg.connect(installation.login("demo_1"), autocommit=True) as connection,
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
        "set role almoner_reader",
        "set search_path = pub, store, marts",
    ],
)
def test_no_setting_changes_whose_rows_are_seen(
    installation: Installation, statement: str
) -> None:
    with psycopg.connect(installation.login("demo_1"), autocommit=True) as connection:
        connection.execute(statement.encode())
        tenants = connection.execute(
            "select distinct tenant_id from marts.dept_revenue_daily"
        ).fetchall()
    assert tenants == [("demo_1",)]


def test_an_unbound_login_sees_nothing(installation: Installation) -> None:
    url = installation.login("demo_1")
    with installation.connect() as connection:
        connection.execute("delete from almoner.readers")
    with psycopg.connect(url) as connection:
        assert connection.execute("select * from dept_revenue_daily").fetchall() == []


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
        ("alter function almoner.reader_tenant() immutable", "must be stable"),
    ],
)
def test_the_gate_refuses_an_open_lock(installation: Installation, fault: str, named: str) -> None:
    with installation.connect() as connection:
        publication.check_gate(connection)
        with connection.transaction(force_rollback=True):
            connection.execute(fault.encode())
            with pytest.raises(PublicationError, match=named):
                publication.check_gate(connection)


def test_a_revoked_login_is_gone(installation: Installation) -> None:
    from runner import access

    url = installation.login("demo_2")
    with installation.connect() as connection:
        login = db.rows(connection, "select role_name from almoner.readers")[-1]["role_name"]
        access.revoke(connection, login)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
