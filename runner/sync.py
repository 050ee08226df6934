"""`almoner sync`: land what changed in every source since the last time, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import errors, sql

from runner import db, extraction, raw
from runner.contracts import Table
from runner.errors import AlmonerError, ContractError
from runner.extraction import Snapshot, Watermark
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
    """What one table of one source brought."""

    source: str
    table: Table
    landed: int
    deleted: int
    quarantined: int

    @property
    def is_change(self) -> bool:
        return bool(self.landed or self.deleted or self.quarantined)


@dataclass(frozen=True)
class Landed:
    """A table's landing being written: where, for which release, from which snapshot."""

    target: db.Connection
    snapshot: Snapshot
    table: Table
    release: int


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
    for name, source in configured.sources.items():
        with extraction.open_snapshot(name, source) as snapshot, target.transaction():
            target.execute("select almoner.fence(%s)", (release,))
            for table in snapshot.contract.tables:
                limit = 100.0 if accept_deletions else configured.deletion_limit_percent
                landing = _land(Landed(target, snapshot, table, release), limit)
                landings.append(landing)
                report(landing)
    return landings


def _land(job: Landed, deletion_limit: float) -> Landing:
    identity = job.snapshot.check(job.table)
    mark = _watermark(job)
    since = extraction.usable(mark, identity, job.snapshot.xmin)
    total, changed = job.snapshot.counts(job.table, since)
    landed = quarantined = deleted = 0
    held = mark.row_count if mark else 0
    if changed and not held and _is_empty(job):
        landed, quarantined = _first_load(job)
        held = landed
    else:
        if changed:
            landed, inserted, quarantined = _merge(job, since)
            held += inserted
        if held + quarantined != total:
            deleted = _delete_vanished(job, deletion_limit, total)
            held -= deleted
    _remember(
        job, identity, held, Landing(job.snapshot.name, job.table, landed, deleted, quarantined)
    )
    return Landing(job.snapshot.name, job.table, landed, deleted, quarantined)


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


def _first_load(job: Landed) -> tuple[int, int]:
    """Copy a whole table into its empty raw table, and index it afterwards."""
    raw.drop_indexes(job.target, job.table)
    copied = _copy_in(job, raw.relation(job.table), None)
    quarantined = 0
    try:
        with job.target.transaction():
            raw.create_indexes(job.target, job.table)
    except errors.UniqueViolation:
        quarantined = _set_duplicates_aside(job, raw.relation(job.table))
        raw.create_indexes(job.target, job.table)
    except errors.NotNullViolation as error:
        raise ContractError(
            f"source {job.snapshot.name}: {job.table.source_name} has rows without a key "
            f"({', '.join(job.table.key)})",
            "mend the rows, or name another key in"
            f" models/staging/{job.table.system}/_sources.yml; then run `almoner sync`",
        ) from error
    job.target.execute(sql.SQL("analyze {}").format(raw.relation(job.table)))
    _log_feed(job, is_full=True)
    return copied - quarantined, quarantined


def _merge(job: Landed, since: Watermark | None) -> tuple[int, int, int]:
    """Land changed rows beside the raw table and merge those that really differ."""
    landing = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(landing))
    _copy_in(job, landing, since)
    job.target.execute(sql.SQL("analyze {}").format(landing))
    quarantined = _set_duplicates_aside(job, landing)
    parts = _parts(job.table)
    job.target.execute(sql.SQL(db.script("landing_drop_equal")).format(**parts))
    landed = db.one(
        job.target, sql.SQL("select count(*) as size from {}").format(landing).as_string()
    )["size"]
    if not landed:
        return 0, 0, quarantined
    release = sql.Literal(job.release)
    job.target.execute(sql.SQL(db.script("landing_feed")).format(release=release, **parts))
    updated = job.target.execute(sql.SQL(db.script("landing_update")).format(**parts)).rowcount
    inserted = job.target.execute(sql.SQL(db.script("landing_insert")).format(**parts)).rowcount
    assert updated + inserted == landed
    _log_feed(job)
    return landed, inserted, quarantined


def _delete_vanished(job: Landed, limit: float, total: int) -> int:
    """Find the rows whose key the source no longer has, feed and delete them.

    Raises `DeletionError` when more than `limit` per cent of a table is gone.
    """
    buckets = _differing_buckets(job)
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
        _log_feed(job)
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


def _set_duplicates_aside(job: Landed, where: sql.Identifier) -> int:
    """Keep the latest row of each key and move the others to quarantine."""
    newest = sql.Identifier(job.table.cursor) if job.table.cursor else sql.SQL("null")
    return job.target.execute(
        sql.SQL(db.script("landing_duplicates")).format(
            where=where,
            key=raw.names(raw.key_of(job.table)),
            newest=newest,
            source=sql.Literal(job.snapshot.name),
            table=sql.Literal(job.table.source_name),
            release=sql.Literal(job.release),
        )
    ).rowcount


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


def _log_feed(job: Landed, *, is_full: bool = False) -> None:
    job.target.execute(
        "insert into almoner.feed_log (feed, release_id, is_full) values (%s, %s, %s)"
        " on conflict (feed, release_id)"
        " do update set is_full = feed_log.is_full or excluded.is_full",
        (job.table.feed_name, job.release, is_full),
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
        },
    )
