"""`almoner sync`: land what changed in every source since the last time, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from psycopg import errors, sql

from runner import (
    absence,
    cursors,
    db,
    fingerprints,
    landing,
    load,
    quarantine,
    raw,
    room,
    wanted,
)
from runner.contracts import Table
from runner.cursors import Rule
from runner.deletions import Limit
from runner.errors import ContractError
from runner.extraction import Snapshot, Watermark
from runner.landing import Job, Landing
from runner.quarantine import Aside
from runner.settings import Settings, Source
from runner.snapshots import Snapshots


@dataclass(frozen=True)
class Terms:
    """On what terms sources are read.

    `limit` is what may vanish, `cursor_minimum` from how many rows on a cursor is gone by;
    `is_verified` compares every row; `space` is where it is written.
    """

    limit: Limit
    cursor_minimum: int
    is_verified: bool
    space: room.Room


@dataclass(frozen=True)
class Landed(Job):
    """A landing from a snapshot. `aside` counts the table's rows that are set aside already."""

    snapshot: Snapshot
    aside: int
    terms: Terms

    @cached_property
    def reading(self) -> tuple[str, Rule]:
        """The table's identity, and by which rule it is read.

        Raises `ContractError` if it is not as its contract says.
        """
        identity = self.snapshot.check(self.table)
        mark = landing.watermark(self.target, self.source, self.table)
        if not self.terms.limit.is_accepted:
            absence.require_no_values(self, self.snapshot, mark)
        minimum = self.terms.cursor_minimum
        return identity, cursors.rule(
            self.target, self.snapshot, self.table, mark, identity, minimum
        )

    @property
    def since(self) -> Watermark | None:
        """From where the table is read; what is set aside is told from all of its rows."""
        return None if self.aside else self.reading[1].since


@dataclass(frozen=True)
class Found:
    """What the proof found that no rule had: rows changed unseen, of them new, and deleted."""

    landed: int = 0
    inserted: int = 0
    deleted: int = 0

    @property
    def rows(self) -> int:
        return self.landed + self.deleted


def sync(
    target: db.Connection,
    configured: Settings,
    release: int,
    *,
    accept_deletions: bool = False,
    verify: bool = False,
    report: Callable[[Landing], None] = lambda landing: None,
    snapshots: Snapshots | None = None,
) -> list[Landing]:
    """Land each configured source in one transaction: rows, feed and watermarks together.

    Sources are read in the `snapshots` that are open; each is closed when it has landed. With
    `verify` every row of raw is compared with its source afterwards, by fingerprints.
    """
    landings: list[Landing] = []
    terms = terms_of(configured, accept_deletions=accept_deletions, verify=verify)
    with snapshots or Snapshots() as opened:
        for name, source in configured.sources.items():
            with target.transaction():
                if source.files:
                    batch = batch_of(target, name, source, terms)
                    landings += load.land(target, batch, release, report)
                else:
                    snapshot = opened.of(target, name, source)
                    landings += _land_tables(target, snapshot, release, terms, report)
            opened.settle(target, name, source)
    return landings


def terms_of(
    configured: Settings, *, accept_deletions: bool = False, verify: bool = False
) -> Terms:
    """Give the terms that the settings say."""
    limit = Limit(configured.deletion_limit_percent, accept_deletions)
    return Terms(limit, configured.cursor_minimum_rows, verify, room.beneath(configured))


def batch_of(target: db.Connection, name: str, source: Source, terms: Terms) -> load.Batch:
    """Give the files of a source that has files."""
    assert source.files is not None
    chosen = wanted.of(target, name, source)
    return load.Batch(name, source.system, source.files, terms.limit, wanted=chosen)


def jobs(
    target: db.Connection, snapshot: Snapshot, release: int, terms: Terms
) -> Iterator[Landed]:
    """Give a landing for each table of a source, in the contract's order."""
    aside = quarantine.held(target, snapshot.name)
    for table in snapshot.contract.tables:
        size = aside.get(quarantine.entity(table), 0)
        yield Landed(target, snapshot.name, table, release, snapshot, size, terms)


def _land_tables(
    target: db.Connection,
    snapshot: Snapshot,
    release: int,
    terms: Terms,
    report: Callable[[Landing], None],
) -> list[Landing]:
    target.execute("select almoner.fence(%s)", (release,))
    target.execute(fingerprints.SAME_TEXT)
    every = list(jobs(target, snapshot, release, terms))
    landings: list[Landing] = []
    with _reading_ahead(every) as read:
        for job, is_read in zip(every, read, strict=True):
            is_read.result()
            landings.append(_land(job))
            report(landings[-1])
    return landings


@contextmanager
def _reading_ahead(every: list[Landed]) -> Iterator[list[Future[None]]]:
    """Read the tables of the source while those before them are merged into raw.

    Raises what reading raised, rather than what came of it.
    """
    for job in every:
        if not job.snapshot.lacks(job.table):
            _ = job.since  # asked of the target, which one thread uses
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as threads:
        read = [threads.submit(_read_ahead, job) for job in every]
        try:
            yield read
        except Exception:
            for each in read:
                if each.done():
                    each.result()
            raise
        finally:
            threads.shutdown(cancel_futures=True)


def _read_ahead(job: Landed) -> None:
    if not job.snapshot.lacks(job.table):
        job.snapshot.read_ahead(job.table, job.since, job.release)


def notices(landings: list[Landing]) -> list[str]:
    """Give a line for each thing to know of a sync, of many tables at once where they share it."""
    tables: dict[tuple[str, str], list[str]] = {}
    for done in landings:
        for notice in done.notices:
            tables.setdefault((done.source, notice), []).append(done.table.source_name)
    return [
        f"{source}.{named[0]}{f' and {len(named) - 1} more' if named[1:] else ''}: {notice}"
        for (source, notice), named in tables.items()
    ]


def absences(landings: list[Landing]) -> list[str]:
    """Give a line for each source that lacks something optional."""
    found: dict[str, list[str]] = {}
    for done in landings:
        if done.absent:
            found.setdefault(done.source, []).extend(done.absent)
    return [absence.told(source, names) for source, names in found.items()]


def _land(job: Landed) -> Landing:
    if job.snapshot.lacks(job.table):
        return absence.land(job, job.snapshot, job.terms.limit)
    (identity, rule), since = job.reading, job.since
    counted = job.snapshot.counts(job.table, since)
    total, changed = counted.total, counted.changed
    job.terms.space.require_landing(job.snapshot, job.table, total, changed)
    held = rule.since.row_count if rule.since else 0
    if rule.since is None or job.terms.is_verified:
        held = landing.count(job.target, job.source, job.table)
    landed, inserted, deleted, aside = 0, 0, 0, Aside()
    if changed and not held and landing.is_empty(job.target, job.table):
        landed, aside = _first_load(job)
        inserted = landed
    elif changed or job.aside:
        landed, inserted, aside = _merge(job, since)
    held += inserted
    if held + aside.rows != total:
        deleted = _delete_vanished(job, has_twins=bool(aside.rows))
        held -= deleted
    unseen = Found()
    if job.terms.is_verified and since is not None and not aside.rows:
        unseen = _prove(job)
        held += unseen.inserted - unseen.deleted
    if held + aside.rows != total:
        raise ContractError(
            f"source {job.source}: {job.table.source_name} has {total:,} rows, of which "
            f"{held:,} landed and {aside.rows:,} are set aside",
            "is it a view that gives other rows at every look? `almoner sync` reads it again",
        )
    done = Landing(
        job.source, job.table, landed + unseen.landed, deleted + unseen.deleted,
        quarantined=aside.added, mended=aside.gone, rule=rule.name,
        refusal=rule.refusal if job.table.cursor_is_kept else None,
        notices=_notices(job, rule, unseen), skipped=counted.skipped,
        absent=absence.columns(job.table, job.snapshot.lacking(job.table)),
    )  # fmt: skip
    landing.remember(job, Watermark(identity, job.snapshot.xmin, held), done, aside)
    _remember_rule(job, rule, unseen)
    return done


def _remember_rule(job: Landed, rule: Rule, unseen: Found) -> None:
    cursors.remember(job.target, job.source, job.table, rule, is_verified=job.terms.is_verified)
    if unseen.rows and rule.name == "cursor":
        fault = f"release {job.release} found {unseen.rows:,} rows that {job.table.cursor} missed"
        cursors.distrust(job.target, job.source, job.table, fault)


def _notices(job: Landed, rule: Rule, unseen: Found) -> tuple[str, ...]:
    """Tell why a table was read in full though it was before, and what the proof found."""
    told = []
    if rule.doubt:
        told.append(f"{rule.doubt}: read in full")
    if unseen.rows:
        told.append(f"{unseen.rows:,} rows differed from the source unseen and were landed now")
    if unseen.rows and rule.name == "cursor":
        told.append(
            f"its {job.table.cursor} is not trusted any more: it is read by xmin from now on"
        )
    return tuple(told)


def _prove(job: Landed) -> Found:
    """Compare every row with its source by fingerprints; land what differs of the others.

    The rules have run before, in the same snapshot: whatever differs now, they missed.
    """
    buckets = _differing(job, job.table.column_names)
    if not buckets:
        return Found()
    beside = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    columns = raw.names((*raw.columns_of(job.table), "landed_in"))
    with job.snapshot.copy_rows(job.table, None, job.release, buckets) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(beside, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(beside))
    deleted = _delete(job, buckets)
    landed, inserted = landing.merge(job)
    return Found(landed, inserted, deleted)


def _first_load(job: Landed) -> tuple[int, Aside]:
    """Copy a whole table into its empty raw table, and index it afterwards."""
    raw.drop_indexes(job.target, job.table)
    copied = _copy_in(job, raw.relation(job.table), None)
    aside = Aside()
    try:
        with job.target.transaction():
            raw.create_indexes(job.target, job.table)
            incomplete = quarantine.has_incomplete(job.target, job.table, job.source)
    except (errors.UniqueViolation, errors.NotNullViolation):
        aside = _set_aside(job, raw.relation(job.table))
        raw.create_indexes(job.target, job.table)
    else:
        aside = _set_aside(job, raw.relation(job.table)) if incomplete else aside
    job.target.execute(sql.SQL("analyze {}").format(raw.relation(job.table)))
    landing.log_feed(job.target, job.release, job.table.feed_name, is_full=True)
    return copied - aside.rows, aside


def _merge(job: Landed, since: Watermark | None) -> tuple[int, int, Aside]:
    """Land changed rows beside the raw table and merge those that really differ."""
    beside = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    _copy_in(job, beside, since)
    job.target.execute(sql.SQL("analyze {}").format(beside))
    aside = _set_aside(job, beside)
    return *landing.merge(job), aside


def _set_aside(job: Landed, where: sql.Identifier) -> Aside:
    aside = quarantine.set_aside(job.target, job.source, job.table, where, job.release)
    if aside.added or aside.gone:
        landing.log_feed(job.target, job.release, quarantine.FEED)
    return aside


def _delete_vanished(job: Landed, *, has_twins: bool) -> int:
    """Find the rows whose key the source no longer has, feed and delete them.

    Fingerprints of the keys tell where to look, unless a second row may stand in for a lost
    one. Raises `DeletionError` when too many are gone.
    """
    buckets = None if has_twins else _differing(job, job.table.key)
    if buckets is not None and not buckets:
        return 0
    beside = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    columns = raw.names(raw.key_of(job.table))
    with job.snapshot.copy_keys(job.table, buckets) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(beside, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(beside))
    return _delete(job, buckets)


def _delete(job: Landed, buckets: list[int] | None) -> int:
    """Delete the rows of some buckets, or of all, whose key has not arrived."""
    within: sql.Composable = sql.SQL("true")
    if buckets is not None:
        bucket = fingerprints.bucket(job.table, _expressions(job.table, "cur"))
        within = sql.SQL("{} = any({})").format(bucket, sql.Literal(buckets))
    return landing.delete_vanished(job, within, job.terms.limit)


def _differing(job: Landed, columns: tuple[str, ...]) -> list[int]:
    """List the buckets of keys in which a source and raw differ by some columns."""
    theirs = job.snapshot.fingerprints(job.table, columns)
    query = fingerprints.query(
        job.table,
        sql.SQL("{} as cur").format(raw.relation(job.table)),
        columns,
        _expressions(job.table, "cur"),
        sql.SQL("cur.source_id = {}").format(sql.Literal(job.source)),
    )
    return fingerprints.differing(fingerprints.read(db.rows(job.target, query)), theirs)


def _expressions(table: Table, alias: str) -> dict[str, sql.Composable]:
    return {name: sql.Identifier(alias, name) for name in table.column_names}


def _copy_in(job: Landed, into: sql.Identifier, since: Watermark | None) -> int:
    columns = raw.names((*raw.columns_of(job.table), "landed_in"))
    with job.snapshot.copy_rows(job.table, since, job.release) as stream:
        return _copy_stream(job.target, sql.SQL("{} ({})").format(into, columns), stream)


def _copy_stream(target: db.Connection, into: sql.Composed, stream: object) -> int:
    statement = sql.SQL("copy {} from stdin (format binary)").format(into)
    with target.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in stream:  # type: ignore[attr-defined]
                copy.write(block)
        return cursor.rowcount
