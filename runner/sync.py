"""`almoner sync`: land what changed in every source since the last time, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import errors, sql

from runner import db, extraction, quarantine, raw, tenants
from runner.contracts import Table
from runner.errors import AlmonerError, ContractError
from runner.extraction import Snapshot, Watermark
from runner.quarantine import Aside
from runner.settings import Settings

BUCKET = 10_000
INTEGERS = ("smallint", "integer", "bigint", "int", "int8", "int4", "int2")
FEW = 20


class DeletionError(AlmonerError):
    """More rows vanished from a source than a hospital deletes in a day."""

    code = "mass_deletion"
    exit_code = 1


@dataclass(frozen=True)
class Landing:
    """What one table of one source brought; rows newly set aside, and such that left again.

    `skipped` rows are of tenants that were removed or are not listed.
    """

    source: str
    table: Table
    landed: int
    deleted: int
    quarantined: int
    mended: int
    skipped: int = 0

    @property
    def is_change(self) -> bool:
        return bool(self.landed or self.deleted or self.quarantined or self.mended)


@dataclass(frozen=True)
class Landed:
    """A table's landing being written: where, for which release, from which snapshot.

    `aside` counts the table's rows that are set aside already.
    """

    target: db.Connection
    snapshot: Snapshot
    table: Table
    release: int
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
    removed = tenants.removed(target)
    for name, source in configured.sources.items():
        with (
            extraction.open_snapshot(name, source, removed.get(name, ())) as snapshot,
            target.transaction(),
        ):
            target.execute("select almoner.fence(%s)", (release,))
            limit = 100.0 if accept_deletions else configured.deletion_limit_percent
            aside = quarantine.held(target, name)
            for table in snapshot.contract.tables:
                size = aside.get(quarantine.entity(table), 0)
                landing = _land(Landed(target, snapshot, table, release, size), limit)
                landings.append(landing)
                report(landing)
    return landings


def _land(job: Landed, deletion_limit: float) -> Landing:
    identity = job.snapshot.check(job.table)
    mark = _watermark(job)
    usable = extraction.usable(mark, identity, job.snapshot.xmin)
    # what is set aside is told from all rows of a table
    since = None if job.aside else usable
    total, changed, skipped = job.snapshot.counts(job.table, since)
    held = usable.row_count if usable else _count(job)
    landed, inserted, deleted, aside = 0, 0, 0, Aside()
    if changed and not held and _is_empty(job):
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
    landing = Landing(
        job.snapshot.name, job.table, landed, deleted,
        quarantined=aside.added, mended=aside.gone, skipped=skipped,
    )  # fmt: skip
    _remember(job, identity, held, landing)
    return landing


def _watermark(job: Landed) -> Watermark | None:
    found = db.rows(
        job.target,
        "select server_identity, snapshot_xmin, row_count from almoner.watermarks"
        " where source_id = %s and table_name = %s",
        job.snapshot.name,
        job.table.feed_name,
    )
    if not found:
        return None
    row = found[0]
    return Watermark(row["server_identity"], int(row["snapshot_xmin"]), row["row_count"])


def _is_empty(job: Landed) -> bool:
    query = sql.SQL("select not exists (select from {}) as yes").format(raw.relation(job.table))
    return bool(db.one(job.target, query.as_string())["yes"])


def _count(job: Landed) -> int:
    query = sql.SQL("select count(*) as size from {} where source_id = {}").format(
        raw.relation(job.table), sql.Literal(job.snapshot.name)
    )
    return int(db.one(job.target, query.as_string())["size"])


def _first_load(job: Landed) -> tuple[int, Aside]:
    """Copy a whole table into its empty raw table, and index it afterwards."""
    raw.drop_indexes(job.target, job.table)
    copied = _copy_in(job, raw.relation(job.table), None)
    aside = Aside()
    try:
        with job.target.transaction():
            raw.create_indexes(job.target, job.table)
    except (errors.UniqueViolation, errors.NotNullViolation):
        aside = _set_aside(job, raw.relation(job.table))
        raw.create_indexes(job.target, job.table)
    job.target.execute(sql.SQL("analyze {}").format(raw.relation(job.table)))
    _log_feed(job, job.table.feed_name, is_full=True)
    return copied - aside.rows, aside


def _merge(job: Landed, since: Watermark | None) -> tuple[int, int, Aside]:
    """Land changed rows beside the raw table and merge those that really differ."""
    landing = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(landing))
    _copy_in(job, landing, since)
    job.target.execute(sql.SQL("analyze {}").format(landing))
    aside = _set_aside(job, landing)
    parts = _parts(job.table)
    job.target.execute(sql.SQL(db.script("landing_drop_equal")).format(**parts))
    landed = db.one(
        job.target, sql.SQL("select count(*) as size from {}").format(landing).as_string()
    )["size"]
    if not landed:
        return 0, 0, aside
    release = sql.Literal(job.release)
    job.target.execute(sql.SQL(db.script("landing_feed")).format(release=release, **parts))
    updated = job.target.execute(sql.SQL(db.script("landing_update")).format(**parts)).rowcount
    inserted = job.target.execute(sql.SQL(db.script("landing_insert")).format(**parts)).rowcount
    assert updated + inserted == landed
    _log_feed(job, job.table.feed_name)
    return landed, inserted, aside


def _set_aside(job: Landed, where: sql.Identifier) -> Aside:
    aside = quarantine.set_aside(job.target, job.snapshot.name, job.table, where, job.release)
    if aside.added or aside.gone:
        _log_feed(job, quarantine.FEED)
    return aside


def _delete_vanished(job: Landed, limit: float, total: int, *, has_twins: bool) -> int:
    """Find the rows whose key the source no longer has, feed and delete them.

    Counts by key range tell where to look, unless a second row may stand in for a lost one.
    Raises `DeletionError` when more than `limit` per cent of a table is gone.
    """
    buckets = None if has_twins else _differing_buckets(job)
    if buckets is not None and not buckets:
        return 0
    landing = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(landing))
    columns = raw.names(raw.key_of(job.table))
    with job.snapshot.copy_keys(job.table, buckets, BUCKET) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(landing, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(landing))
    within: sql.Composable = sql.SQL("true")
    if buckets is not None:
        within = sql.SQL("cur.{} / {} = any({})").format(
            sql.Identifier(job.table.key[0]), sql.Literal(BUCKET), sql.Literal(buckets)
        )
    deleted = job.target.execute(
        sql.SQL(db.script("landing_delete_vanished")).format(
            release=sql.Literal(job.release),
            source=sql.Literal(job.snapshot.name),
            within=within,
            **_parts(job.table),
        )
    ).rowcount
    if deleted > FEW and deleted * 100.0 > limit * (total + deleted):
        raise DeletionError(
            f"source {job.snapshot.name}: {deleted:,} of {total + deleted:,} rows of "
            f"{job.table.source_name} have vanished (the limit is {limit:g} %)",
            "if that is meant, run `almoner build --accept-deletions`",
        )
    if deleted:
        _log_feed(job, job.table.feed_name)
    return deleted


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
                sql.Literal(job.snapshot.name),
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


def _parts(table: Table) -> dict[str, sql.Composable]:
    """Give the names that the merge scripts are written with."""
    every, key = raw.columns_of(table), raw.key_of(table)
    changing = [name for name in every if name not in key]
    return {
        "raw": raw.relation(table),
        "landing": raw.landing(table),
        "feed": raw.feed(table),
        "columns": raw.names((*every, "landed_in")),
        "feed_columns": raw.names(table.feed_columns),
        "cur_feed": raw.names(table.feed_columns, "cur"),
        "inc_feed": raw.names(table.feed_columns, "inc"),
        "cur_all": raw.names(every, "cur"),
        "inc_all": raw.names(every, "inc"),
        "same_key": sql.SQL(" and ").join(
            sql.SQL("cur.{0} = inc.{0}").format(sql.Identifier(name)) for name in key
        ),
        "assignments": sql.SQL(", ").join(
            sql.SQL("{0} = inc.{0}").format(sql.Identifier(name))
            for name in (*changing, "landed_in")
        ),
    }


def _log_feed(job: Landed, feed: str, *, is_full: bool = False) -> None:
    job.target.execute(
        "insert into almoner.feed_log (feed, release_id, is_full) values (%s, %s, %s)"
        " on conflict (feed, release_id)"
        " do update set is_full = feed_log.is_full or excluded.is_full",
        (feed, job.release, is_full),
    )


def _remember(job: Landed, identity: str, held: int, landing: Landing) -> None:
    job.target.execute(
        db.script("remember_watermark"),
        {
            "source": job.snapshot.name,
            "table": job.table.feed_name,
            "release": job.release,
            "identity": identity,
            "xmin": job.snapshot.xmin,
            "held": held,
            "landed": landing.landed,
            "deleted": landing.deleted,
            "quarantined": landing.quarantined,
            "skipped": landing.skipped,
        },
    )
