"""Rows that cannot land: without a key or a required value, or with the key of another."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from runner import db, raw
from runner.contracts import Table

FEED = "quarantine__rows"
EVERY = sql.SQL("true")


@dataclass(frozen=True)
class Aside:
    """How many rows of a table are set aside now, and how many came and went."""

    rows: int = 0
    added: int = 0
    gone: int = 0


def held(connection: db.Connection, source: str) -> dict[str, int]:
    """Count the rows that are set aside of each table of a source."""
    found = db.rows(
        connection,
        "select entity, count(*) as size from quarantine.rows where source_id = %s group by 1",
        source,
    )
    return {row["entity"]: row["size"] for row in found}


def paths(connection: db.Connection, source: str, table: Table) -> list[str]:
    """Give the files of which rows of a table are set aside."""
    found = db.rows(
        connection,
        "select distinct file from quarantine.rows"
        " where source_id = %s and entity = %s and file is not null order by 1",
        source,
        entity(table),
    )
    return [row["file"] for row in found]


def entity(table: Table) -> str:
    """Name a source table among what is set aside."""
    return f"{table.system}.{table.source_name}"


def has_incomplete(connection: db.Connection, table: Table, source: str) -> bool:
    """Tell whether a row of the raw table lacks a value that its contract requires."""
    query = sql.SQL(
        "select exists (select from {} as lan where source_id = {} and {}) as yes"
    ).format(raw.relation(table), sql.Literal(source), incomplete(table, "lan"))
    return bool(table.required and db.one(connection, query.as_string())["yes"])


def set_aside(
    connection: db.Connection, source: str, table: Table, where: sql.Identifier, release: int
) -> Aside:
    """Move what cannot land from `where` to quarantine, in place of what was there before.

    Of several rows with one key the one written last stays, where the contract names a cursor.
    """
    cursor = sql.Identifier("lan", table.cursor) if table.cursor else sql.SQL("null")
    tenant: sql.Composable = sql.SQL("null::text")
    if table.tenant:
        tenant = sql.SQL("case when lan.{} is not null then lan.tenant_id end").format(
            sql.Identifier(table.tenant)
        )
    removed = sql.SQL(db.script("aside_of_landing")).format(
        where=where,
        key=raw.names(raw.key_of(table), "lan"),
        keyless=any_null(table.key, "lan"),
        incomplete=incomplete(table, "lan"),
        missing=missing(table, "lan"),
        newest=cursor,
        tenant=tenant,
        recorded=cursor,
    )
    return replace(connection, source, table, removed, release)


def replace(
    connection: db.Connection,
    source: str,
    table: Table,
    removed: sql.Composable,
    release: int,
    replaced: sql.Composable = EVERY,
) -> Aside:
    """Keep what `removed` gives in place of those rows of before that `replaced` names."""
    query = sql.SQL(db.script("set_aside")).format(
        removed=removed,
        replaced=replaced,
        source=sql.Literal(source),
        entity=sql.Literal(entity(table)),
        release=sql.Literal(release),
    )
    row = db.one(connection, query.as_string())
    return Aside(row["aside"], row["added"], row["gone"])


def any_null(columns: tuple[str, ...], alias: str) -> sql.Composable:
    """Say that one of the columns is null."""
    if not columns:
        return sql.SQL("false")
    return sql.SQL("({})").format(
        sql.SQL(" or ").join(
            sql.SQL("{} is null").format(sql.Identifier(alias, name)) for name in columns
        )
    )


def incomplete(table: Table, alias: str) -> sql.Composable:
    """Say that a row lacks a value that the contract requires."""
    return any_null(table.required, alias)


def missing(table: Table, alias: str) -> sql.Composable:
    """Name the required values that a row lacks."""
    parts = [
        sql.SQL("case when {} is null then {} end").format(
            sql.Identifier(alias, name), sql.Literal(f"{name}: required, and missing")
        )
        for name in table.required
    ]
    return sql.SQL("concat_ws('; ', {})").format(sql.SQL(", ").join([sql.SQL("null"), *parts]))
