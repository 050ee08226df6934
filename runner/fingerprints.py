"""Fingerprints of rows by bucket of their keys: they tell where a source and raw differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import DictRow

from runner.contracts import Table

WIDTH = 10_000
INTEGERS = ("smallint", "integer", "bigint", "int", "int8", "int4", "int2")
# types that PostgreSQL hashes; of others it is the text
HASHED = (
    *INTEGERS, "text", "character varying", "numeric", "boolean", "date", "timestamptz",
    "timestamp with time zone", "timestamp", "timestamp without time zone", "time", "uuid",
    "jsonb", "double precision", "real", "inet",
)  # fmt: skip
# both sides must write a key alike
SAME_TEXT = "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'"

Buckets = dict[int, "Fingerprint"]


@dataclass(frozen=True)
class Fingerprint:
    """How many rows a bucket has, and the sum of what they hash to."""

    rows: int
    total: int


def query(
    table: Table,
    relation: sql.Composable,
    columns: Sequence[str],
    expressions: dict[str, sql.Composable],
    where: sql.Composable,
) -> str:
    """Write the query for the fingerprint of each bucket, over some of a table's columns.

    `expressions` gives each column as its contract types it, at the source or in raw.
    """
    hashed = [_hashable(expressions[name], table.type_of(name)) for name in columns]
    return (
        sql.SQL(
            "select {bucket} as bucket, count(*) as size,"
            " sum(hash_record_extended(row({columns}), 0)) as total"
            " from {relation} where {where} group by 1"
        )
        .format(
            bucket=bucket(table, expressions),
            columns=sql.SQL(", ").join(hashed),
            relation=relation,
            where=where,
        )
        .as_string()
    )


def bucket(table: Table, expressions: dict[str, sql.Composable]) -> sql.Composable:
    """Write which bucket a row is in: a range of its integer key, or a hash of another.

    The same on every server, whatever its encoding and byte order: rows are deleted by it.
    """
    keys = [expressions[name] for name in table.key]
    if len(keys) == 1 and table.type_of(table.key[0]) in INTEGERS:
        return sql.SQL("({})::bigint / {}").format(keys[0], sql.Literal(WIDTH))
    return sql.SQL(
        "('x' || substr(encode(sha256(convert_to(row({})::text, 'UTF8')), 'hex'), 1, 3))"
        "::bit(12)::int::bigint"
    ).format(sql.SQL(", ").join(keys))


def read(rows: list[DictRow]) -> Buckets:
    """Give what the query found."""
    return {
        int(row["bucket"]): Fingerprint(row["size"], int(row["total"]))
        for row in rows
        if row["bucket"] is not None
    }


def differing(ours: Buckets, theirs: Buckets) -> list[int]:
    """List the buckets that are not alike, those that one side lacks included."""
    return sorted(
        number for number in ours.keys() | theirs.keys() if ours.get(number) != theirs.get(number)
    )


def _hashable(expression: sql.Composable, data_type: str) -> sql.Composable:
    if data_type in HASHED:
        return expression
    return sql.SQL("({})::text").format(expression)
