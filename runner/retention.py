"""Retention: which releases are kept, and what goes with those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from psycopg import errors, sql

from runner import db, releases
from runner.settings import Retention

# pages that one transaction looks at: 64 MB
BATCH = 8192
LAST_PAGE = 2**32 - 1
# indexes are made anew where at least this part of a table's rows went: none shrinks by itself,
# and pages that were split at every release are a third empty
EMPTIED = 0.01
# how long a new index waits for the transactions that may read the old one
PATIENCE = "10s"


@dataclass(frozen=True)
class Release:
    """A published release and why it is kept; without a reason it is not."""

    release_id: int
    finished_at: datetime
    reasons: list[str]


@dataclass(frozen=True)
class Gone:
    """How many rows of a table went, and their bytes without indexes."""

    table_name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Pruning:
    """What pruning took away, or would take."""

    pruned: list[int]
    kept: list[Release]
    tables: list[Gone]


@dataclass(frozen=True)
class _Part:
    """A table without partitions, or one partition."""

    schema_name: str
    name: str
    table_name: str
    pages: int

    @property
    def relation(self) -> sql.Identifier:
        return sql.Identifier(self.schema_name, self.name)

    @property
    def doomed(self) -> list[str]:
        """Name the scripts that together say which rows are to go."""
        own = self.name if self.schema_name == "almoner" else self.schema_name
        is_journal = (self.schema_name, self.table_name) == ("store", "fct_postings")
        return [f"doomed/{name}" for name in (own, "journal")[: 1 + is_journal]]


def prune(connection: db.Connection, policy: Retention, *, is_trial: bool = False) -> Pruning:
    """Delete what no kept release needs, vacuum and make indexes anew; the caller is the builder.

    Readers are refused a pruned release before its rows go, and never wait. Interrupted, it is
    finished by the next time. A trial only counts.
    """
    if not is_trial:
        releases.revert_interrupted(connection)
    found = _decide(connection, policy, is_trial)
    kept = [release for release in found if release.reasons]
    pruned = sorted(release.release_id for release in found if not release.reasons)
    if not kept:
        return Pruning([], [], [])
    parts = [_Part(**row) for row in db.rows(connection, db.script("prunable_tables"))]
    gone: dict[str, Gone] = {}
    emptied = []
    for part in parts:
        name = f"{part.schema_name}.{part.table_name}"
        before = gone.get(name, Gone(name, 0, 0))
        rows, size = _empty(connection, part, [each.release_id for each in kept], is_trial)
        gone[name] = Gone(name, before.rows + rows, before.bytes + size)
        if rows and not is_trial and rows >= EMPTIED * _left(connection, part):
            emptied.append(part)
    if not is_trial:
        _make_indexes_anew(connection, emptied)
    return Pruning(pruned, kept, [table for table in gone.values() if table.rows])


def _decide(connection: db.Connection, policy: Retention, is_trial: bool) -> list[Release]:
    """Mark the releases that nothing keeps as pruned; give all with their reasons."""
    with connection.transaction():
        if not is_trial:
            # nobody pins what is about to go
            connection.execute("lock table almoner.pins in share row exclusive mode")
        cursor = connection.execute(db.script("kept_releases"), policy.model_dump())
        found = [Release(**row) for row in cursor]
        if not is_trial:
            connection.execute(
                "update almoner.releases set pruned_at = now() where release_id = any(%s)",
                ([release.release_id for release in found if not release.reasons],),
            )
    return found


def _empty(
    connection: db.Connection, part: _Part, kept: list[int], is_trial: bool
) -> tuple[int, int]:
    """Delete, or count, a part's doomed rows; give their number and bytes."""
    if is_trial:
        row = db.one(connection, _statement(part, "doomed_count", kept, 0, LAST_PAGE))
        return int(row["rows"]), int(row["bytes"])
    if part.schema_name == "feed":
        connection.execute(
            sql.SQL(db.script("feed_is_pruned")).format(
                table=part.relation, feed=sql.Literal(part.name), newest=sql.Literal(max(kept))
            )
        )
    done = [
        db.one(connection, _statement(part, "doomed_delete", kept, first, past))
        for first, past in _batches(part)
    ]
    rows = sum(int(row["rows"]) for row in done)
    if rows:
        connection.execute(_vacuum(part))
    return rows, sum(int(row["bytes"]) for row in done)


def _batches(part: _Part) -> Iterator[tuple[int, int]]:
    for first in range(0, part.pages, BATCH):
        yield first, min(first + BATCH, part.pages)


def _statement(part: _Part, script: str, kept: list[int], first: int, past: int) -> str:
    names = {
        "table": part.relation,
        "first": sql.SQL("{}::tid").format(sql.Literal(f"({first},0)")),
        "past": sql.SQL("{}::tid").format(sql.Literal(f"({past},0)")),
        "newest": sql.Literal(max(kept)),
        "kept": sql.Literal(kept),
    }
    scripts = map(db.script, part.doomed)
    doomed = sql.SQL("and ").join(sql.SQL(text).format(**names) for text in scripts)
    return sql.SQL(db.script(script)).format(doomed=doomed, **names).as_string()


def _vacuum(part: _Part) -> sql.Composed:
    """Make the room usable again; giving it back to the disk would make readers wait."""
    options = "(truncate false, analyze)" if part.schema_name == "store" else "(analyze)"
    return sql.SQL("vacuum " + options + " {}").format(part.relation)


def _left(connection: db.Connection, part: _Part) -> float:
    """Tell about how many rows a part that was just vacuumed has."""
    query = "select reltuples from pg_class where oid = %s::regclass"
    return float(db.one(connection, query, part.relation.as_string(connection))["reltuples"])


def _make_indexes_anew(connection: db.Connection, parts: Iterable[_Part]) -> None:
    """Make the indexes of these tables anew, while they are read.

    A reader's open transaction, or a full disk, ends it early: what is left of an index is
    dropped by the next pruning, which tries again once so many rows have gone.
    """
    connection.execute("select set_config('lock_timeout', %s, false)", (PATIENCE,))
    try:
        with suppress(errors.LockNotAvailable, errors.DiskFull):
            for index in db.rows(connection, db.script("abandoned_indexes")):
                connection.execute(
                    sql.SQL("drop index concurrently {}").format(
                        sql.Identifier(index["schema_name"], index["name"])
                    )
                )
            for part in parts:
                connection.execute(sql.SQL("reindex table concurrently {}").format(part.relation))
    finally:
        connection.execute("reset lock_timeout")
