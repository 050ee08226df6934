"""Rows that a source no longer has: found, fed and deleted, unless they are too many."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from runner import db, raw
from runner.contracts import Table
from runner.errors import AlmonerError

FEW = 20
ACCEPT = "if that is meant, run `almoner build --accept-deletions`"


class DeletionError(AlmonerError):
    """More rows vanished from a source than a hospital deletes in a day."""

    code = "mass_deletion"
    exit_code = 1


@dataclass(frozen=True)
class Limit:
    """How much of a table, or of a tenant's part of it, may vanish unasked."""

    percent: float
    is_accepted: bool = False

    def exceeded(self, deleted: int, left: int) -> bool:
        """Tell whether too many are gone: a share of many, or all of a few."""
        if self.is_accepted:
            return False
        is_much = deleted * 100.0 > self.percent * (left + deleted)
        return is_much and (deleted > FEW or (left == 0 and deleted > 1))


def delete(
    target: db.Connection,
    source: str,
    table: Table,
    release: int,
    within: sql.Composable,
    parts: dict[str, sql.Composable],
    limit: Limit,
) -> int:
    """Delete the raw rows `within` whose key is not in the landing table; count them.

    Raises `DeletionError` when too many of a table, or of a tenant's rows in it, are gone, or
    a tenant itself.
    """
    deleted = {
        row["tenant"]: int(row["size"])
        for row in db.rows(
            target,
            sql.SQL(db.script("landing_delete_vanished"))
            .format(
                release=sql.Literal(release),
                source=sql.Literal(source),
                within=within,
                tenant=sql.Identifier("tenant_id") if table.tenant else sql.SQL("null::text"),
                **parts,
            )
            .as_string(),
        )
    }
    if deleted:
        _judge(target, source, table, deleted, limit)
    return sum(deleted.values())


def _judge(
    target: db.Connection,
    source: str,
    table: Table,
    deleted: dict[str | None, int],
    limit: Limit,
) -> None:
    name, gone = table.source_name, sum(deleted.values())
    left = _left(target, source, table)
    if limit.exceeded(gone, left):
        raise DeletionError(
            f"source {source}: {gone:,} of {left + gone:,} rows of {name} have vanished"
            f" (the limit is {limit.percent:g} %)",
            ACCEPT,
        )
    if not table.tenant or limit.is_accepted:
        return
    for tenant, size in deleted.items():
        if table.key == (table.tenant,):
            raise DeletionError(f"source {source}: {tenant} has vanished from {name}", ACCEPT)
        left = _left(target, source, table, tenant)
        if limit.exceeded(size, left):
            raise DeletionError(
                f"source {source}: {size:,} of {left + size:,} rows of {tenant} in {name} have"
                f" vanished (the limit is {limit.percent:g} %)",
                ACCEPT,
            )


def _left(target: db.Connection, source: str, table: Table, tenant: str | None = None) -> int:
    query = sql.SQL("select count(*) as size from {} where source_id = {}").format(
        raw.relation(table), sql.Literal(source)
    )
    if tenant is not None:
        query += sql.SQL(" and tenant_id = {}").format(sql.Literal(tenant))
    return int(db.one(target, query.as_string())["size"])
