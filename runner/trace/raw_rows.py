"""The raw rows that a document comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from runner import contracts, db
from runner.trace.declared import Relation


def landed(connection: db.Connection) -> list[contracts.Table]:
    """List the raw tables that hold documents."""
    there = {
        (row["schemaname"], row["tablename"])
        for row in db.rows(
            connection, "select schemaname, tablename from pg_tables where schemaname ~ '^raw_'"
        )
    }
    return [
        table
        for contract in contracts.load_all()
        for table in contract.tables
        if table.documents and (table.raw_schema, table.raw_name) in there
    ]


def of(
    connection: db.Connection,
    tables: list[contracts.Table],
    tenant: str,
    relation: Relation,
    row: Mapping[str, Any],
) -> str:
    """Name the raw rows that a row of a relation comes from, by the contracts' `documents`."""
    documents = [
        {**row, "document_type": kind, "document_id": row[column]}
        for kind, column in relation.documents.items()
        if kind != "*" and row[column] is not None
    ]
    if "*" in relation.documents:
        documents.append(dict(row))
    found = (each for doc in documents for each in _of_document(connection, tables, tenant, doc))
    return ", ".join(dict.fromkeys(found))


def _of_document(
    connection: db.Connection,
    tables: list[contracts.Table],
    tenant: str,
    row: Mapping[str, Any],
) -> list[str]:
    found: list[str] = []
    for table in tables:
        column = table.documents.get(row["document_type"], "")
        if row.get(column) is None:
            continue
        query = sql.SQL("select from {} where tenant_id = {} and {} = {}").format(
            sql.Identifier(table.raw_schema, table.raw_name), sql.Literal(tenant),
            sql.Identifier(table.key[0]), sql.Literal(row[column]),
        )  # fmt: skip
        if connection.execute(query).rowcount:
            found.append(f"{table.raw_schema}.{table.raw_name} {row[column]}")
    if row["document_type"] == "adjustment" and row["document_id"] < 0:
        found += _told(row)
    return found


def _told(row: Mapping[str, Any]) -> list[str]:
    """Name the rows of a write-off that was asked for here."""
    is_reversed = row.get("is_reversal", False) != (row.get("carried_to", 0) < 0)
    kept = ("write_offs", "write_off_reversals")[: 1 + is_reversed]
    return [f"almoner.{table} {-row['document_id']}" for table in kept]
