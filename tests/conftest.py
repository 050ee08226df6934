"""One embedded PostgreSQL server for the whole test session, databases of their own per test."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import server

ROOT = Path(__file__).resolve().parent.parent
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def embedded() -> Iterator[server.Server]:
    """Start a server in a directory of its own; a configuration of the user's is not read."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="almoner-test-") as directory:
        Path(directory).chmod(0o755)
        os.environ["ALMONER_STATE"] = directory
        os.environ.pop("ALMONER_DSN", None)
        running = server.embedded()
        running.start()
        try:
            yield running
        finally:
            running.stop()
            os.environ.clear()
            os.environ.update(before)


class Databases:
    """Makes databases on the test server, empty or as copies, and drops them at the end."""

    def __init__(self, running: server.Server) -> None:
        self._server = running
        self._made: list[str] = []

    def create(self, template: str = "template1") -> str:
        """Make a database and give its URL."""
        name = f"test_{next(_numbers)}"
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


def _copy(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    connection.execute(
        sql.SQL("create database {} owner {} template {}").format(
            sql.Identifier(name), sql.Identifier(server.OWNER), sql.Identifier(template)
        )
    )


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    )


@pytest.fixture
def databases(embedded: server.Server) -> Iterator[Databases]:
    made = Databases(embedded)
    yield made
    made.drop_all()


@pytest.fixture(scope="session")
def session_databases(embedded: server.Server) -> Iterator[Databases]:
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
