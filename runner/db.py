"""The only module that opens connections: to Almoner's database and to the sources."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from runner import server, settings
from runner.errors import ConfigError, DatabaseError

Connection = psycopg.Connection[DictRow]

OLDEST, NEWEST = 150000, 190000
BLOCK = 256 * 1024
OWN = "Almoner's database"
OWN_SETTING = "ALMONER_DSN, or database in almoner.yml,"

# an error is told once, by us
logging.getLogger("psycopg").addHandler(logging.NullHandler())


@cache
def script(name: str) -> str:
    """Load `runner/sql/<name>.sql`."""
    return resources.files("runner").joinpath("sql", f"{name}.sql").read_text()


def dsn() -> str:
    """Give the URL of Almoner's database, starting the embedded server if it is the one."""
    configured = settings.load().database
    if configured:
        return configured
    embedded = server.embedded()
    if not embedded.is_running():
        embedded.start()
    return embedded.dsn()


def source_dsn(source: settings.Source) -> str:
    """Give the URL of a source; `database` names one on Almoner's own server."""
    if source.dsn:
        return source.dsn
    return with_database(dsn(), str(source.database))


def with_database(url: str, database: str) -> str:
    """Replace the database name in a connection URL or key=value string."""
    return make_conninfo(url, dbname=database)


@contextmanager
def connect(url: str | None = None, *, what: str = OWN) -> Iterator[Connection]:
    """Open a connection in autocommit mode, with dict rows; close it at the end.

    Raises `DatabaseError` when the server cannot be reached, refuses a statement or is lost, and
    `ConfigError` for a server version that was not tried or another encoding than UTF8.
    """
    url = url or dsn()
    with opened(url, what, OWN_SETTING) as connection, blamed(connection, what):
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise ConfigError(
                f"{what} at {place(url)} is written in {encoding}, not in UTF8",
                "make one: `create database NAME encoding 'UTF8' template template0`",
            )
        yield connection


@contextmanager
def opened(url: str, what: str, setting: str) -> Iterator[Connection]:
    """Open a connection whose errors the caller tells itself, with `blamed`.

    `setting` says where the URL is configured.
    """
    try:
        connection = psycopg.connect(
            url, autocommit=True, row_factory=dict_row, connect_timeout=10,
            application_name="almoner",
        )  # fmt: skip
    except psycopg.Error as error:
        raise DatabaseError(
            f"cannot reach {what} at {place(url)}: {_connect_reason(error)}",
            f"mend {setting} until `psql '{without_password(url)[1]}'` works",
        ) from error
    with connection:
        version = connection.info.server_version
        if not OLDEST <= version < NEWEST:
            raise ConfigError(
                f"{what} at {place(url)} is PostgreSQL {version // 10000}",
                f"name a server of PostgreSQL 15 to 18 as {setting}, then run `almoner status`",
            )
        with blamed(connection, what):
            connection.execute("set search_path = pg_catalog, pg_temp")
            # a killed command must not leave its statement running
            connection.execute("set client_connection_check_interval = '1s'")
            connection.execute("set jit = off")
        yield connection


@contextmanager
def blamed(connection: Connection, what: str) -> Iterator[None]:
    """Tell an error of the statements within as `DatabaseError`: lost, or refused."""
    try:
        yield
    except psycopg.Error as error:
        if connection.closed:
            raise DatabaseError(
                f"lost the connection to {what}: {first_line(error)}",
                "run `almoner build` again; the last published release is untouched",
            ) from error
        raise DatabaseError(
            f"{what} refused: {first_line(error)}",
            "mend that, then run `almoner build`; the last published release is untouched",
        ) from error


def place(url: str) -> str:
    """Describe where a DSN points, without its password."""
    known = conninfo_to_dict(url)
    host, port = known.get("host") or "localhost", known.get("port") or 5432
    return f"{host}:{port}/{known.get('dbname') or ''}"


def without_password(url: str) -> tuple[dict[str, str], str]:
    """Split a DSN into the environment that holds its password and the rest."""
    known = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    known.pop("sslpassword", None)
    password = known.pop("password", None)
    return ({"PGPASSWORD": password} if password else {}), make_conninfo(**known)


def create_database(name: str) -> None:
    """Make an empty database on Almoner's own server.

    Raises `ConfigError` if it exists.
    """
    with connect() as connection:
        try:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase as error:
            raise ConfigError(
                f"the database {name} exists",
                f"`almoner db create {name}_2`, or `almoner db psql -- -c 'drop database {name}'`",
            ) from error
        connection.execute(
            sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name))
        )


def one(connection: Connection, query: str, *parameters: Any) -> DictRow:
    """Run a query that gives exactly one row."""
    row = connection.execute(query, parameters or None).fetchone()
    if row is None:
        raise DatabaseError(
            f"expected a row from: {query.strip().splitlines()[0]}",
            "`almoner status` tells what is there",
        )
    return row


def rows(connection: Connection, query: str, *parameters: Any) -> list[DictRow]:
    """Run a query and give all its rows."""
    return connection.execute(query, parameters or None).fetchall()


def blocks(copied: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Gather what a COPY gives row by row into larger blocks: one write each takes longest."""
    gathered: list[bytes | bytearray | memoryview] = []
    size = 0
    for row in copied:
        gathered.append(row)
        size += len(row)
        if size > BLOCK:
            yield b"".join(gathered)
            gathered.clear()
            size = 0
    yield b"".join(gathered)


def type_names(connection: Connection, types: set[str]) -> dict[str, str]:
    """Give PostgreSQL's own name of each type, without its precision.

    Raises `ConfigError` for what is no type.
    """
    found = rows(
        connection,
        "select typ.name, format_type(to_regtype(typ.name), null) as known"
        " from unnest(%s::text[]) as typ (name)",
        sorted(types),
    )
    for row in found:
        if row["known"] is None or row["known"] == "-":
            raise ConfigError(
                f"a source contract names the type {row['name']}, which PostgreSQL lacks",
                "mend data_type in models/staging/*/_sources.yml, then run `almoner sync`",
            )
    return {row["name"]: row["known"] for row in found}


def first_line(error: Exception) -> str:
    """Give what an error says first, or its name if it says nothing."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _connect_reason(error: psycopg.Error) -> str:
    """Leave out what `place` says already: server, port and the attempts before the last."""
    return first_line(error).rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
