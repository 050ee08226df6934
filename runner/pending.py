"""What the sources have that did not land yet, counted without landing it."""

from __future__ import annotations

from dataclasses import dataclass

from runner import absence, db, extraction, landing, load, sync, wanted
from runner.contracts import Table
from runner.settings import Settings
from runner.sync import Landed


@dataclass(frozen=True)
class Pending:
    """Rows of a source's table to land: `changed`, and how many fewer it has (`vanished`).

    `is_reread`: changes cannot be told from the last reading, so every row counts as changed.
    `fills`: the raw table is empty, so that no feed will tell what landed. Of files that changed
    the rows that landed of them last are counted, since these are not read.
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
    terms = sync.terms_of(configured)
    for name, source in configured.sources.items():
        if source.files:
            batch = sync.batch_of(target, name, source, terms)
            found += [_of_files(target, name, table) for table in load.changed(target, batch)]
            continue
        chosen = wanted.of(target, name, source)
        with extraction.open_snapshot(name, source, chosen) as snapshot:
            for job in sync.jobs(target, snapshot, 0, terms):
                pending = _pending(job)
                if pending.changed or pending.vanished:
                    found.append(pending)
    return found


def _pending(job: Landed) -> Pending:
    target, snapshot, table = job.target, job.snapshot, job.table
    if snapshot.lacks(table):
        absence.require_empty(job, snapshot)
        return Pending(snapshot.name, table, 0, 0, is_reread=False, fills=False)
    identity = snapshot.check(table)
    mark = landing.watermark(target, snapshot.name, table)
    absence.require_no_values(job, snapshot, mark)
    since = extraction.usable(mark, identity, snapshot.xmin)
    counted = snapshot.counts(table, since)
    held = mark.row_count if mark else landing.count(target, snapshot.name, table)
    return Pending(
        source=snapshot.name,
        table=table,
        changed=counted.changed,
        vanished=max(held + job.aside - counted.total, 0),
        is_reread=bool(mark) and since is None,
        fills=bool(counted.changed and not held and landing.is_empty(target, table)),
    )


def _of_files(target: db.Connection, source: str, table: Table) -> Pending:
    held = landing.count(target, source, table)
    fills = landing.is_empty(target, table)
    return Pending(source, table, max(held, 1), 0, is_reread=False, fills=fills)
