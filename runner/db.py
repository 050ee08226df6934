"""The only module that opens connections: to Almoner's database and to the sources."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from runner import server, settings
from runner.errors import AlmonerError, ConfigError, DatabaseError

Connection = psycopg.Connection[DictRow]

OLDEST, NEWEST = 150000, 190000


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
def connect(url: str | None = None, *, what: str = "Almoner's database") -> Iterator[Connection]:
    """Open a connection in autocommit mode, with dict rows; close it at the end.

    Raises `DatabaseError` when the server cannot be reached or the connection is lost, and
    `ConfigError` for a server version that was not tried.
    """
    url = url or dsn()
    try:
        connection = psycopg.connect(
            url, autocommit=True, row_factory=dict_row, connect_timeout=10,
            application_name="almoner",
        )  # fmt: skip
    except psycopg.OperationalError as error:
        raise DatabaseError(
            f"cannot reach {what} at {place(url)}: {_first_line(error)}",
            "check that the server runs and that the DSN in almoner.yml or ALMONER_DSN is right",
        ) from error
    with connection:
        version = connection.info.server_version
        if not OLDEST <= version < NEWEST:
            raise ConfigError(
                f"{what} at {place(url)} is PostgreSQL {version // 10000}",
                "use PostgreSQL 15 to 18",
            )
        connection.execute("set search_path = pg_catalog, pg_temp")
        # a killed command must not leave its statement running
        connection.execute("set client_connection_check_interval = '1s'")
        connection.execute("set jit = off")
        try:
            yield connection
        except AlmonerError:
            raise
        except psycopg.OperationalError as error:
            raise DatabaseError(
                f"lost the connection to {what} at {place(url)}: {_first_line(error)}",
                "run the command again; the last published release is untouched",
            ) from error
        except psycopg.Error as error:
            raise DatabaseError(
                f"{what} at {place(url)} refused: {_first_line(error)}",
                "the last published release is untouched",
            ) from error


def place(url: str) -> str:
    """Describe where a DSN points, without its password."""
    if "://" in url:
        parts = urlsplit(url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    known = conninfo_to_dict(url)
    return f"{known.get('host', 'localhost')}:{known.get('port', 5432)}/{known.get('dbname', '')}"


def without_password(url: str) -> tuple[dict[str, str], str]:
    """Split a DSN into the environment that holds its password and the rest."""
    known = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
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
                f"the database {name} exists", "choose another name, or drop it first"
            ) from error
        connection.execute(
            sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name))
        )


def one(connection: Connection, query: str, *parameters: Any) -> DictRow:
    """Run a query that gives exactly one row."""
    row = connection.execute(query, parameters or None).fetchone()
    if row is None:
        raise DatabaseError(f"expected a row from: {query.strip().splitlines()[0]}")
    return row


def rows(connection: Connection, query: str, *parameters: Any) -> list[DictRow]:
    """Run a query and give all its rows."""
    return connection.execute(query, parameters or None).fetchall()


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
                "mend data_type in models/staging/*/_sources.yml",
            )
    return {row["name"]: row["known"] for row in found}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
