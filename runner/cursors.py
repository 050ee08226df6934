"""Which rule tells a table's changed rows: xmin, the cursor column, or reading everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from runner import db, extraction
from runner.contracts import Table
from runner.extraction import Snapshot, Watermark

EXACT = "timestamp with time zone"  # a type whose values mean the same in every session


@dataclass(frozen=True)
class Rule:
    """How a table is read now: from where, why in full or not by its cursor, and what next.

    `doubt` says why the source may be another than before; `cursor_from` goes to the next run.
    """

    since: Watermark | None
    doubt: str | None
    refusal: str | None
    cursor_from: datetime | None

    @property
    def name(self) -> str:
        """Name the rule as `almoner status` tells it."""
        if self.since is None:
            return "whole"
        return "cursor" if self.since.cursor_from is not None else "xmin"


def rule(
    target: db.Connection,
    snapshot: Snapshot,
    table: Table,
    mark: Watermark | None,
    identity: str,
    minimum_rows: int,
) -> Rule:
    """Choose how to read a table: by its cursor only where nothing can be missed by it."""
    since = extraction.usable(mark, identity, snapshot.xmin)
    doubt = extraction.doubt(mark, identity, snapshot.xmin) if mark else None
    refusal = _refusal(target, snapshot, table, mark, minimum_rows)
    if since and refusal:
        since = replace(since, cursor_from=None)
    return Rule(since, doubt, refusal, None if refusal else snapshot.bound.at)


def distrust(target: db.Connection, source: str, table: Table, fault: str) -> None:
    """Read a table by xmin from now on: its cursor was found to miss rows."""
    target.execute(
        "update almoner.readings set cursor_fault = %s, cursor_from = null"
        " where source_id = %s and table_name = %s",
        (fault, source, table.feed_name),
    )


def remember(
    target: db.Connection, source: str, table: Table, used: Rule, *, is_verified: bool
) -> None:
    """Record how a table was read, and up to when its cursor is known to be complete."""
    target.execute(
        db.script("remember_reading"),
        {
            "source": source,
            "table": table.feed_name,
            "rule": used.name,
            "refusal": used.refusal if table.cursor_is_kept else None,
            "cursor_from": used.cursor_from,
            "is_verified": is_verified,
        },
    )


def _refusal(
    target: db.Connection,
    snapshot: Snapshot,
    table: Table,
    mark: Watermark | None,
    minimum_rows: int,
) -> str | None:
    if not table.cursor or not table.cursor_is_kept:
        return "the contract names no cursor that is kept"
    found, column = snapshot.tables[table.source_name], table.in_source(table.cursor)
    if mark is None or mark.row_count < minimum_rows:
        return f"it has fewer than {minimum_rows:,} rows"
    if found.columns[column] != EXACT:
        return f"{column} is no timestamptz"
    if column not in found.kept:
        return f"no trigger sets {column} at every insert and update"
    if not found.kept[column]:
        return f"no index begins with {column}"
    return snapshot.bound.refusal or _fault(target, snapshot.name, table)


def _fault(target: db.Connection, source: str, table: Table) -> str | None:
    found = db.rows(
        target,
        "select cursor_fault from almoner.readings where source_id = %s and table_name = %s",
        source,
        table.feed_name,
    )
    return found[0]["cursor_fault"] if found else None
