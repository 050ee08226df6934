"""The yardsticks: what PostgreSQL alone needs, in the operational database itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
import psycopg
from psycopg import sql

from bench.measured import seconds
from runner import contracts
from runner.contracts import Table

Connection = psycopg.Connection[tuple[object, ...]]
VIEW = Path(__file__).with_name("plain_view.sql")
JOURNAL_VIEW = Path(__file__).with_name("journal_view.sql")


@dataclass(frozen=True)
class Yardsticks:
    """Seconds of copying and indexing the raw tables, and of refreshing a view of them."""

    copy: float
    refresh: float


@dataclass(frozen=True)
class Plain:
    """Plain tables and a view in schema `plain` of the source."""

    source: str

    @cached_property
    def yardsticks(self) -> Yardsticks:
        """Measure both; nothing stays."""
        with self._connected() as connection:
            connection.execute("drop schema if exists plain cascade")
            connection.execute("create schema plain")
            tables = contracts.load("hms").tables
            copy = seconds(lambda: _copy(connection, tables))
            click.echo(f"  copy and index the raw tables: {copy:.2f} s")
            connection.execute(VIEW.read_bytes())
            refresh = seconds(lambda: _refresh(connection, "department_revenue"), 3)
            click.echo(f"  refresh the view concurrently: {refresh:.2f} s")
            connection.execute("drop materialized view plain.department_revenue")
            for table in tables:
                connection.execute(sql.SQL("drop table {}").format(_name(table)))
        return Yardsticks(copy, refresh)

    @contextmanager
    def held(
        self, columns: list[tuple[str, str]], rows: Iterable[bytes], index: tuple[str, ...] = ()
    ) -> Iterator[sql.Identifier]:
        """Hold rows, as blocks of CSV, in a plain table of so named and typed columns."""
        table = sql.Identifier("plain", "held")
        with self._connected() as connection:
            connection.execute("create schema if not exists plain")
            connection.execute(sql.SQL("drop table if exists {}").format(table))
            typed = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                for name, kind in columns
            )
            connection.execute(sql.SQL("create table {} ({})").format(table, typed))
            statement = sql.SQL("copy {} from stdin (format csv)").format(table)
            with connection.cursor().copy(statement) as copy:
                for block in rows:
                    copy.write(block)
            if index:
                names = sql.SQL(", ").join(map(sql.Identifier, index))
                connection.execute(sql.SQL("create index on {} ({})").format(table, names))
            connection.execute(sql.SQL("vacuum analyze {}").format(table))
            try:
                yield table
            finally:
                connection.execute(sql.SQL("drop table {}").format(table))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with psycopg.connect(self.source, autocommit=True) as connection:
            yield connection


@dataclass(frozen=True)
class PlainJournal:
    """The postings of a target as a plain table in its schema `plain`, with a view of them."""

    target: str

    @cached_property
    def refresh(self) -> float:
        """Seconds of refreshing the view, which has the rows of a mart; nothing stays.

        Raises `ValueError` where it has others.
        """
        with psycopg.connect(self.target, autocommit=True) as connection:
            connection.execute("create schema plain")
            try:
                connection.execute("create table plain.postings as table core.fct_postings")
                connection.execute("vacuum analyze plain.postings")
                connection.execute(JOURNAL_VIEW.read_bytes())
                _require_same(
                    connection, "plain.department_revenue_of_journal",
                    "rollups.department_revenue_daily",
                )  # fmt: skip
                refresh = seconds(lambda: _refresh(connection, "department_revenue_of_journal"), 3)
            finally:
                connection.execute("drop schema plain cascade")
        click.echo(f"  refresh the view of the journal concurrently: {refresh:.2f} s")
        return refresh


def _require_same(connection: Connection, one: str, other: str) -> None:
    for left, right in ((one, other), (other, one)):
        row = connection.execute(
            f"select * from (table {left} except all table {right}) as rest limit 1".encode()
        ).fetchone()
        if row:
            raise ValueError(f"{left} has a row that {right} has not: {row}")


def _copy(connection: Connection, tables: tuple[Table, ...]) -> None:
    for table in tables:
        _copy_table(connection, table)


def _copy_table(connection: Connection, table: Table) -> None:
    """Copy a table's columns that the contract names, with the indexes that raw has."""
    columns = sql.SQL(", ").join(sql.Identifier(column.source_name) for column in table.columns)
    connection.execute(
        sql.SQL("create table {} as select {} from {}").format(
            _name(table), columns, sql.Identifier("hms", table.source_name)
        )
    )
    connection.execute(sql.SQL("alter table {} add primary key (id)").format(_name(table)))
    for index in ((table.tenant, "id"), *table.indexes):
        if index[0]:
            over = [str(table.tenant) if name == "tenant_id" else str(name) for name in index]
            connection.execute(
                sql.SQL("create index on {} ({})").format(
                    _name(table), sql.SQL(", ").join(map(sql.Identifier, over))
                )
            )
    connection.execute(sql.SQL("analyze {}").format(_name(table)))


def _refresh(connection: Connection, view: str) -> None:
    connection.execute(
        sql.SQL("refresh materialized view concurrently {}").format(sql.Identifier("plain", view))
    )


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier("plain", table.source_name)
