"""Rows that cannot land: without a key, or with one that another row has."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from runner import db, raw
from runner.contracts import Table

FEED = "quarantine__rows"


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


def entity(table: Table) -> str:
    """Name a source table among what is set aside."""
    return f"{table.system}.{table.source_name}"


def set_aside(
    connection: db.Connection, source: str, table: Table, where: sql.Identifier, release: int
) -> Aside:
    """Move what cannot land from `where` to quarantine, in place of what was there before.

    Of several rows with one key the one written last stays, where the contract names a cursor.
    """
    cursor = table.cursor
    row = db.one(
        connection,
        sql.SQL(db.script("set_aside"))
        .format(
            where=where,
            key=raw.names(raw.key_of(table)),
            keyless=sql.SQL(" or ").join(
                sql.SQL("{} is null").format(sql.Identifier(name)) for name in table.key
            ),
            newest=sql.Identifier(cursor) if cursor else sql.SQL("null"),
            cursor=sql.Literal(cursor) if cursor else sql.SQL("null"),
            source=sql.Literal(source),
            entity=sql.Literal(entity(table)),
            release=sql.Literal(release),
        )
        .as_string(),
    )
    return Aside(row["aside"], row["added"], row["gone"])
