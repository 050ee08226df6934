"""`almoner sync`: land what changed in every source since the last time, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import errors, sql

from runner import cursors, db, deletions, extraction, fingerprints, quarantine, raw, room
from runner.contracts import Table
from runner.cursors import Rule
from runner.deletions import DeletionError, Limit
from runner.errors import ContractError
from runner.extraction import Snapshot, Watermark
from runner.quarantine import Aside
from runner.settings import Settings

__all__ = ["DeletionError", "Landing", "notices", "sync"]


@dataclass(frozen=True)
class Landing:
    """What one table of one source brought; rows newly set aside, and such that left again.

    `rule` is how it was read; `notices` are what the operator should know of that.
    """

    source: str
    table: Table
    landed: int
    deleted: int
    quarantined: int
    mended: int
    rule: str = "xmin"
    refusal: str | None = None
    notices: tuple[str, ...] = ()

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
    limit: Limit
    cursor_minimum: int
    is_verified: bool


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
) -> list[Landing]:
    """Land each configured source in one transaction: rows, feed and watermarks together.

    With `verify` every row of raw is compared with its source afterwards, by fingerprints.
    """
    landings: list[Landing] = []
    limit = Limit(configured.deletion_limit_percent, accept_deletions)
    minimum = configured.cursor_minimum_rows
    space = room.beneath(configured)
    for name, source in configured.sources.items():
        with extraction.open_snapshot(name, source) as snapshot, target.transaction():
            target.execute("select almoner.fence(%s)", (release,))
            target.execute(fingerprints.SAME_TEXT)
            aside = quarantine.held(target, name)
            for table in snapshot.contract.tables:
                size = aside.get(quarantine.entity(table), 0)
                job = Landed(target, snapshot, table, release, size, limit, minimum, verify)
                landing = _land(job, space)
                landings.append(landing)
                report(landing)
    return landings


def notices(landings: list[Landing]) -> list[str]:
    """Give a line for each thing to know of a sync, of many tables at once where they share it."""
    tables: dict[tuple[str, str], list[str]] = {}
    for landing in landings:
        for notice in landing.notices:
            tables.setdefault((landing.source, notice), []).append(landing.table.source_name)
    return [
        f"{source}.{named[0]}{f' and {len(named) - 1} more' if named[1:] else ''}: {notice}"
        for (source, notice), named in tables.items()
    ]


def _land(job: Landed, space: room.Room) -> Landing:
    identity = job.snapshot.check(job.table)
    mark = watermark(job.target, job.snapshot.name, job.table)
    rule = cursors.rule(job.target, job.snapshot, job.table, mark, identity, job.cursor_minimum)
    # what is set aside is told from all rows of a table
    since = None if job.aside else rule.since
    total, changed = job.snapshot.counts(job.table, since)
    space.require_landing(job.snapshot, job.table, total, changed)
    held = mark.row_count if mark else count(job.target, job.snapshot.name, job.table)
    if job.is_verified:
        held = count(job.target, job.snapshot.name, job.table)
    landed, inserted, deleted, aside = 0, 0, 0, Aside()
    if changed and not held and is_empty(job.target, job.table):
        landed, aside = _first_load(job)
        inserted = landed
    elif changed or job.aside:
        landed, inserted, aside = _merge(job, since)
    held += inserted
    if held + aside.rows != total:
        deleted = _delete_vanished(job, has_twins=bool(aside.rows))
        held -= deleted
    unseen = Found()
    if job.is_verified and since is not None and not aside.rows:
        unseen = _prove(job)
        held += unseen.inserted - unseen.deleted
    if held + aside.rows != total:
        raise ContractError(
            f"source {job.snapshot.name}: {job.table.source_name} has {total:,} rows, of which "
            f"{held:,} landed and {aside.rows:,} are set aside",
            "is it a view that gives other rows at every look? `almoner sync` reads it again",
        )
    landing = Landing(
        job.snapshot.name, job.table, landed + unseen.landed, deleted + unseen.deleted,
        quarantined=aside.added, mended=aside.gone, rule=rule.name,
        refusal=rule.refusal if job.table.cursor_is_kept else None,
        notices=_notices(job, rule, unseen),
    )  # fmt: skip
    _remember(job, identity, held, landing)
    cursors.remember(job.target, job.snapshot.name, job.table, rule, is_verified=job.is_verified)
    if unseen.rows and rule.name == "cursor":
        cursors.distrust(job.target, job.snapshot.name, job.table, _fault(job, unseen))
    return landing


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


def _fault(job: Landed, unseen: Found) -> str:
    return f"release {job.release} found {unseen.rows:,} rows that {job.table.cursor} missed"


def _prove(job: Landed) -> Found:
    """Compare every row with its source by fingerprints; land what differs of the others.

    The rules have run before, in the same snapshot: whatever differs now, they missed.
    """
    buckets = _differing(job, job.table.column_names)
    if not buckets:
        return Found()
    landing = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(landing))
    columns = raw.names((*raw.columns_of(job.table), "landed_in"))
    with job.snapshot.copy_rows(job.table, None, job.release, buckets) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(landing, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(landing))
    deleted = _delete(job, buckets)
    landed, inserted = _merge_landing(job)
    return Found(landed, inserted, deleted)


def watermark(target: db.Connection, source: str, table: Table) -> Watermark | None:
    """Give up to where a source's table was read, if it ever was."""
    found = db.rows(target, db.script("watermark"), source, table.feed_name)
    if not found:
        return None
    row = found[0]
    return Watermark(
        row["server_identity"], int(row["snapshot_xmin"]), row["row_count"], row["cursor_from"]
    )


def is_empty(target: db.Connection, table: Table) -> bool:
    """Tell whether nothing has landed in a raw table, of any source."""
    query = sql.SQL("select not exists (select from {}) as yes").format(raw.relation(table))
    return bool(db.one(target, query.as_string())["yes"])


def count(target: db.Connection, source: str, table: Table) -> int:
    """Count the rows of one source that a raw table holds."""
    query = sql.SQL("select count(*) as size from {} where source_id = {}").format(
        raw.relation(table), sql.Literal(source)
    )
    return int(db.one(target, query.as_string())["size"])


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
    return *_merge_landing(job), aside


def _merge_landing(job: Landed) -> tuple[int, int]:
    """Merge what the landing table has and raw has not; count the rows, and the new ones."""
    landing, parts = raw.landing(job.table), _parts(job.table)
    job.target.execute(sql.SQL(db.script("landing_drop_equal")).format(**parts))
    landed = db.one(
        job.target, sql.SQL("select count(*) as size from {}").format(landing).as_string()
    )["size"]
    if not landed:
        return 0, 0
    release = sql.Literal(job.release)
    job.target.execute(sql.SQL(db.script("landing_feed")).format(release=release, **parts))
    updated = job.target.execute(sql.SQL(db.script("landing_update")).format(**parts)).rowcount
    inserted = job.target.execute(sql.SQL(db.script("landing_insert")).format(**parts)).rowcount
    assert updated + inserted == landed
    _log_feed(job, job.table.feed_name)
    return landed, inserted


def _set_aside(job: Landed, where: sql.Identifier) -> Aside:
    aside = quarantine.set_aside(job.target, job.snapshot.name, job.table, where, job.release)
    if aside.added or aside.gone:
        _log_feed(job, quarantine.FEED)
    return aside


def _delete_vanished(job: Landed, *, has_twins: bool) -> int:
    """Find the rows whose key the source no longer has, feed and delete them.

    Fingerprints of the keys tell where to look, unless a second row may stand in for a lost
    one. Raises `DeletionError` when too many are gone.
    """
    buckets = None if has_twins else _differing(job, job.table.key)
    if buckets is not None and not buckets:
        return 0
    landing = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(landing))
    columns = raw.names(raw.key_of(job.table))
    with job.snapshot.copy_keys(job.table, buckets) as stream:
        _copy_stream(job.target, sql.SQL("{} ({})").format(landing, columns), stream)
    job.target.execute(sql.SQL("analyze {}").format(landing))
    return _delete(job, buckets)


def _delete(job: Landed, buckets: list[int] | None) -> int:
    """Delete the rows of some buckets, or of all, whose key has not arrived."""
    within: sql.Composable = sql.SQL("true")
    if buckets is not None:
        bucket = fingerprints.bucket(job.table, _expressions(job.table, "cur"))
        within = sql.SQL("{} = any({})").format(bucket, sql.Literal(buckets))
    deleted = deletions.delete(
        job.target, job.snapshot.name, job.table, job.release, within, _parts(job.table), job.limit
    )
    if deleted:
        _log_feed(job, job.table.feed_name)
    return deleted


def _differing(job: Landed, columns: tuple[str, ...]) -> list[int]:
    """List the buckets of keys in which a source and raw differ by some columns."""
    theirs = job.snapshot.fingerprints(job.table, columns)
    query = fingerprints.query(
        job.table,
        sql.SQL("{} as cur").format(raw.relation(job.table)),
        columns,
        _expressions(job.table, "cur"),
        sql.SQL("cur.source_id = {}").format(sql.Literal(job.snapshot.name)),
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
        },
    )
