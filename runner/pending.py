"""What the sources have that did not land yet, counted without landing it."""

from __future__ import annotations

from dataclasses import dataclass

from runner import db, extraction, quarantine, sync
from runner.contracts import Table
from runner.extraction import Snapshot
from runner.settings import Settings


@dataclass(frozen=True)
class Pending:
    """Rows of a source's table to land: `changed`, and how many fewer it has (`vanished`).

    `is_reread`: changes cannot be told from the last reading, so every row counts as changed.
    `fills`: the raw table is empty, so that no feed will tell what landed.
    """

    source: str
    table: Table
    changed: int
    vanished: int
    is_reread: bool
    fills: bool


def read(target: db.Connection, configured: Settings) -> list[Pending]:
    """Count what each configured source would land, one snapshot each.

    Raises what a sync raises: `DatabaseError` for a source that cannot be reached,
    `ContractError` for one that breaks its contract.
    """
    found: list[Pending] = []
    for name, source in configured.sources.items():
        with extraction.open_snapshot(name, source) as snapshot:
            aside = quarantine.held(target, name)
            for table in snapshot.contract.tables:
                size = aside.get(quarantine.entity(table), 0)
                pending = _pending(target, snapshot, table, size)
                if pending.changed or pending.vanished:
                    found.append(pending)
    return found


def _pending(target: db.Connection, snapshot: Snapshot, table: Table, aside: int) -> Pending:
    identity = snapshot.check(table)
    mark = sync.watermark(target, snapshot.name, table)
    since = extraction.usable(mark, identity, snapshot.xmin)
    total, changed = snapshot.counts(table, since)
    held = mark.row_count if mark else sync.count(target, snapshot.name, table)
    return Pending(
        source=snapshot.name,
        table=table,
        changed=changed,
        vanished=max(held + aside - total, 0),
        is_reread=bool(mark) and since is None,
        fills=bool(changed and not held and sync.is_empty(target, table)),
    )
