"""Fill the operational hospital schema with days of life, deterministically."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

Connection = psycopg.Connection[Any]

# SQL scripts in order: what a day brings, and what today does to other days
BILLS = ("lookups", "visits", "invoices", "receipts", "documents", "payments", "credits")
DEEDS = (
    "live_start",
    "live_people",
    "live_late",
    "live_edits",
    "live_voids",
    "live_deletions",
    "live_decisions",
    "live_stores",
    "live_totals",
)


@dataclass(frozen=True)
class Run:
    """Parameters of one run, in the order of `demo.run`."""

    seed: int
    tenants: int
    visits_per_day: int
    patients: int
    doctors: int
    first_date: date
    last_date: date
    is_live: bool


def generate(
    connection: Connection,
    tenants: int,
    days: int,
    visits_per_day: int,
    end_date: date,
    seed: int,
    *,
    dirty: float = 0.0,
) -> dict[str, int]:
    """Create schema `hms` in an empty database and fill it with `days` up to `end_date`.

    The same arguments give the same rows; `dirty`, from 0 to 1, is the share of the rows of every
    second hospital that are spoilt. Returns the number of rows per table.
    """
    first_date = end_date - timedelta(days=days - 1)
    run = _run(seed, tenants, visits_per_day, first_date, end_date, is_live=False)
    with connection.transaction():
        _script(connection, "schema")
        _open(connection, run)
        _scripts(connection, "put_keys_aside", "hospitals", "work", "reference", "patients")
        _scripts(connection, *BILLS, "batches_of_months", "pharmacy", "traces")
        _scripts(connection, "put_keys_back", "counters")
        if dirty:
            _spoil(connection, dirty)
        _close(connection)
    _analyze(connection)
    return {table: _count(connection, table) for table in _tables(connection)}


def _spoil(connection: Connection, share: float) -> None:
    """Take the guards off the operational database and put every kind of dirt into it."""
    connection.execute("create unlogged table demo.dirty (share double precision)")
    connection.execute("insert into demo.dirty values (%s)", (share,))
    _scripts(connection, "dirt_guards", "dirt", "dirt_tenants")


def live(connection: Connection, seed: int, *, is_calm: bool = False) -> dict[str, int]:
    """Make the next day happen: new, late and back-dated rows, edits, voids, deletions.

    A calm day brings new rows only. Given the rows and the seed, the day is the same. Returns
    how often each kind of thing happened.
    """
    deeds = DEEDS[:1] if is_calm else DEEDS
    with connection.transaction():
        _open(connection, _next_day(connection, seed))
        _scripts(connection, "work", *BILLS, "batches_of_today", "pharmacy", "traces")
        _scripts(connection, "counters", *deeds)
        done = _rows(connection, "select deed, number from demo.deeds order by position")
        _close(connection)
    return {str(deed): int(number) for deed, number in done}


def _open(connection: Connection, run: Run) -> None:
    # the rows must not depend on the server's or the session's settings
    connection.execute("set local synchronize_seqscans = off")
    connection.execute("set local timezone = 'UTC'")
    connection.execute("set local work_mem = '128MB'")
    connection.execute("set local maintenance_work_mem = '256MB'")
    _script(connection, "start")
    connection.execute(
        "insert into demo.run values (%s, %s, %s, %s, %s, %s, %s, %s)", astuple(run)
    )


def _close(connection: Connection) -> None:
    connection.execute("drop schema demo cascade")


def _next_day(connection: Connection, seed: int) -> Run:
    tenants, visits_per_day, last_date = _rows(connection, _text("state"))[0]
    day = last_date + timedelta(days=1)
    return _run(seed, tenants, visits_per_day, day, day, is_live=True)


def _run(
    seed: int, tenants: int, visits_per_day: int, first: date, last: date, *, is_live: bool
) -> Run:
    patients = max(200, 50 * visits_per_day)
    doctors = max(14, visits_per_day // 25)
    return Run(seed, tenants, visits_per_day, patients, doctors, first, last, is_live)


def _scripts(connection: Connection, *names: str) -> None:
    for name in names:
        _script(connection, name)


def _script(connection: Connection, name: str) -> None:
    connection.execute(_text(name))


def _text(name: str) -> LiteralString:
    """Load `runner/demo/<name>.sql`."""
    return resources.files("runner.demo").joinpath(f"{name}.sql").read_text()


def _rows(connection: Connection, query: LiteralString) -> list[tuple[Any, ...]]:
    return connection.cursor(row_factory=tuple_row).execute(query).fetchall()


def _tables(connection: Connection) -> list[str]:
    query: LiteralString = "select tablename from pg_tables where schemaname = 'hms' order by 1"
    return [str(name) for (name,) in _rows(connection, query)]


def _count(connection: Connection, table: str) -> int:
    query = sql.SQL("select count(*) from hms.{}").format(sql.Identifier(table))
    cursor = connection.cursor(row_factory=tuple_row).execute(query)
    return int(cast(tuple[int], cursor.fetchone())[0])


def _analyze(connection: Connection) -> None:
    for table in _tables(connection):
        connection.execute(sql.SQL("analyze hms.{}").format(sql.Identifier(table)))
