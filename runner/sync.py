"""`almoner sync`: land what changed in every source since the last time, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import errors, sql

from runner import db, extraction, landing, load, quarantine, raw
from runner.errors import ContractError
from runner.extraction import Snapshot, Watermark
from runner.landing import DeletionError as DeletionError
from runner.landing import Job
from runner.landing import Landing as Landing
from runner.quarantine import Aside
from runner.settings import Settings, Source

BUCKET = 10_000
INTEGERS = ("smallint", "integer", "bigint", "int", "int8", "int4", "int2")


@dataclass(frozen=True)
class Landed(Job):
    """A landing from a snapshot. `aside` counts the table's rows that are set aside already."""

    snapshot: Snapshot
    aside: int


def sync(
    target: db.Connection,
    configured: Settings,
    release: int,
    *,
    accept_deletions: bool = False,
    report: Callable[[Landing], None] = lambda landing: None,
) -> list[Landing]:
    """Land each configured source in one transaction: rows, feed and watermarks together."""
    landings: list[Landing] = []
    limit = 100.0 if accept_deletions else configured.deletion_limit_percent
    for name, source in configured.sources.items():
        with target.transaction():
            landings += _land_source(target, name, source, release, limit, report)
    return landings


def _land_source(
    target: db.Connection,
    name: str,
    source: Source,
    release: int,
    limit: float,
    report: Callable[[Landing], None],
) -> list[Landing]:
    if source.files:
        batch = load.Batch(name, source.system, source.files, limit=limit)
        return load.land(target, batch, release, report)
    landings: list[Landing] = []
    with extraction.open_snapshot(name, source) as snapshot:
        target.execute("select almoner.fence(%s)", (release,))
        aside = quarantine.held(target, name)
        for table in snapshot.contract.tables:
            size = aside.get(quarantine.entity(table), 0)
            landings.append(_land(Landed(target, name, table, release, snapshot, size), limit))
            report(landings[-1])
    return landings


def _land(job: Landed, deletion_limit: float) -> Landing:
    identity = job.snapshot.check(job.table)
    mark = landing.watermark(job)
    # what is set aside is told from all rows of a table
    since = None if job.aside else extraction.usable(mark, identity, job.snapshot.xmin)
    total, changed = job.snapshot.counts(job.table, since)
    held = mark.row_count if mark else landing.count(job)
    landed, inserted, deleted, aside = 0, 0, 0, Aside()
    if changed and not held and landing.is_empty(job):
        landed, aside = _first_load(job)
        inserted = landed
    elif changed or job.aside:
        landed, inserted, aside = _merge(job, since)
    held += inserted
    if held + aside.rows != total:
        deleted = _delete_vanished(job, deletion_limit, total, has_twins=bool(aside.rows))
        held -= deleted
    if held + aside.rows != total:
        raise ContractError(
            f"source {job.snapshot.name}: {job.table.source_name} has {total:,} rows, of which "
            f"{held:,} landed and {aside.rows:,} are set aside",
            "is it a view that gives other rows at every look? `almoner sync` reads it again",
        )
    done = Landing(
        job.source, job.table, landed, deleted, quarantined=aside.added, mended=aside.gone
    )
    landing.remember(job, Watermark(identity, job.snapshot.xmin, held), done, aside)
    return done


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
    landing.log_feed(job, job.table.feed_name, is_full=True)
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
        landing.log_feed(job, quarantine.FEED)
    return aside


def _delete_vanished(job: Landed, limit: float, total: int, *, has_twins: bool) -> int:
    """Find the rows whose key the source no longer has, feed and delete them.

    Counts by key range tell where to look, unless a second row may stand in for a lost one.
    Raises `DeletionError` when more than `limit` per cent of a table is gone.
    """
    buckets = None if has_twins else _differing_buckets(job)
    if buckets is not None and not buckets:
        return 0
    beside = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    columns = raw.names(raw.key_of(job.table))
    with job.snapshot.copy_keys(job.table, buckets, BUCKET) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(beside, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(beside))
    within: sql.Composable = sql.SQL("true")
    if buckets is not None:
        within = sql.SQL("cur.{} / {} = any({})").format(
            sql.Identifier(job.table.key[0]), sql.Literal(BUCKET), sql.Literal(buckets)
        )
    return landing.delete_vanished(job, within, total, limit)


def _differing_buckets(job: Landed) -> list[int] | None:
    """Compare row counts by key range; None where the key is no single integer."""
    if len(job.table.key) != 1 or job.table.type_of(job.table.key[0]) not in INTEGERS:
        return None
    theirs = job.snapshot.buckets(job.table, BUCKET)
    ours = {
        int(row["bucket"]): int(row["size"])
        for row in db.rows(
            job.target,
            sql.SQL(
                "select {} / {} as bucket, count(*) as size from {}"
                " where source_id = {} group by 1"
            )
            .format(
                sql.Identifier(job.table.key[0]),
                sql.Literal(BUCKET),
                raw.relation(job.table),
                sql.Literal(job.source),
            )
            .as_string(),
        )
    }
    return [bucket for bucket, size in ours.items() if theirs.get(bucket, 0) != size]


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
