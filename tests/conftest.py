"""One PostgreSQL server for the whole test session, databases of their own per test.

It is an embedded one, or the server of `ALMONER_TEST_DSN`, the URL of a superuser.
"""

from __future__ import annotations

import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner import server

ROOT = Path(__file__).resolve().parent.parent
_numbers = itertools.count(1)
_free: list[str] = []  # names of databases that are gone, the lowest first


@dataclass(frozen=True)
class Given:
    """A server that somebody else runs, used as the embedded one is."""

    url: str
    password: str

    def dsn(self, database: str = server.OWNER, role: str = server.OWNER) -> str:
        """Give the connection URL for a role, with the superuser's own for all others."""
        if role == server.SUPERUSER:
            return make_conninfo(self.url, dbname=database)
        return make_conninfo(self.url, dbname=database, user=role, password=self.password)

    @property
    def binaries(self) -> Path:
        """The client programs, of the server's own version where Debian keeps them."""
        with psycopg.connect(self.url) as one:
            theirs = Path(f"/usr/lib/postgresql/{one.info.server_version // 10_000}/bin")
        return theirs if theirs.is_dir() else server.embedded().binaries

    def stop(self) -> None:
        """Leave it running."""

    def start(self) -> None:
        """Make the role that owns everything, and harden new databases, as documented."""
        with psycopg.connect(make_conninfo(self.url, dbname="template1"), autocommit=True) as one:
            known = one.execute(
                "select shobj_description(oid, 'pg_authid') from pg_roles"
                " where rolname = 'almoner'"
            ).fetchone()
            if known is None:
                one.execute("create role almoner")
                one.execute("comment on role almoner is 'of tests'")
            elif known[0] != "of tests":
                pytest.exit("ALMONER_TEST_DSN has an Almoner already: take a server for tests", 2)
            one.execute(
                sql.SQL("alter role almoner login createdb createrole password {}").format(
                    sql.Literal(self.password)
                )
            )
            one.execute((ROOT / "runner" / "sql" / "harden.sql").read_text().encode())


Running = server.Server | Given


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """On a server that somebody else runs, one test after another: its roles are shared."""
    return 0 if os.environ.get("ALMONER_TEST_DSN") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest: the others fill the other processors meanwhile."""
    items.sort(key=lambda item: "reliability" not in item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def embedded() -> Iterator[Running]:
    """Start a server in a directory of its own; a configuration of the user's is not read."""
    before = dict(os.environ)
    given = os.environ.get("ALMONER_TEST_DSN")
    with tempfile.TemporaryDirectory(prefix="almoner-test-") as directory:
        Path(directory).chmod(0o755)
        os.environ["ALMONER_STATE"] = directory
        for name in ("ALMONER_DSN", "ALMONER_PROJECT_DIR"):
            os.environ.pop(name, None)
        running = Given(given, secrets.token_urlsafe(12)) if given else server.embedded()
        running.start()
        if not given:
            _forget(running)
        try:
            yield running
        finally:
            running.stop()
            os.environ.clear()
            os.environ.update(before)


def _forget(running: Running) -> None:
    """Let a server that lives as long as the tests not wait for the disk nor tidy, and prepare."""
    url = running.dsn(database="postgres", role=server.SUPERUSER)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.execute(f"alter system set {setting} = off".encode())
        # a source may use them
        connection.execute("alter system set max_prepared_transactions = 10")
    running.stop()
    running.start()


class Databases:
    """Makes databases on the test server, empty or as copies, and drops them at the end."""

    def __init__(self, running: Running) -> None:
        self._server = running
        self._made: list[str] = []

    def create(self, template: str = "template1") -> str:
        """Make a database and give its URL."""
        # under a name that was there before, dbt need not parse the whole project
        name = heappop(_free) if _free else f"test_{os.getpid()}_{next(_numbers):03}"
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            _copy(connection, name, template)
        self._made.append(name)
        return self._server.dsn(database=name)

    def renew(self, url: str, template: str) -> None:
        """Make a database again under its old name, as a copy."""
        name = str(conninfo_to_dict(url)["dbname"])
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            _drop(connection, name)
            _copy(connection, name, template)

    def _superuser(self) -> str:
        """An autovacuum worker in a database can be ended by the superuser only."""
        return self._server.dsn(database="postgres", role=server.SUPERUSER)

    def drop_all(self) -> None:
        """Drop what was made."""
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            for name in self._made:
                _drop(connection, name)
                heappush(_free, name)


def _copy(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    connection.execute(
        sql.SQL("create database {} owner {} template {} strategy file_copy").format(
            sql.Identifier(name), sql.Identifier(server.OWNER), sql.Identifier(template)
        )
    )


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    )


@pytest.fixture
def databases(embedded: Running) -> Iterator[Databases]:
    made = Databases(embedded)
    yield made
    made.drop_all()


@pytest.fixture(scope="session")
def session_databases(embedded: Running) -> Iterator[Databases]:
    made = Databases(embedded)
    yield made
    made.drop_all()


@pytest.fixture(scope="session")
def empty_hms(session_databases: Databases) -> str:
    """Give the name of a database with the hms schema and no rows."""
    url = session_databases.create()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((ROOT / "runner" / "demo" / "schema.sql").read_text().encode())
        return str(connection.info.dbname)
