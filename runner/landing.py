"""Landing: rows that arrived beside a raw table are merged into it, and its feed says so."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from runner import db, raw
from runner.contracts import Table
from runner.errors import AlmonerError
from runner.extraction import Watermark
from runner.quarantine import Aside

FEW = 20


class DeletionError(AlmonerError):
    """More rows vanished from a source than a hospital deletes in a day."""

    code = "mass_deletion"
    exit_code = 1


@dataclass(frozen=True)
class Landing:
    """What one table of one source brought; rows newly set aside, and such that left again."""

    source: str
    table: Table
    landed: int
    deleted: int
    quarantined: int
    mended: int

    @property
    def is_change(self) -> bool:
        return bool(self.landed or self.deleted or self.quarantined or self.mended)


@dataclass(frozen=True)
class Job:
    """A table's landing being written: where, of which source, for which release."""

    target: db.Connection
    source: str
    table: Table
    release: int


def watermark(job: Job) -> Watermark | None:
    """Give how far the table was read, if it was."""
    found = db.rows(
        job.target,
        "select server_identity, snapshot_xmin, row_count from almoner.watermarks"
        " where source_id = %s and table_name = %s",
        job.source,
        job.table.feed_name,
    )
    if not found:
        return None
    row = found[0]
    return Watermark(row["server_identity"], int(row["snapshot_xmin"]), row["row_count"])


def is_empty(job: Job) -> bool:
    """Tell whether the raw table has no row of any source."""
    query = sql.SQL("select not exists (select from {}) as yes").format(raw.relation(job.table))
    return bool(db.one(job.target, query.as_string())["yes"])


def count(job: Job) -> int:
    """Count the rows of the source that have landed."""
    query = sql.SQL("select count(*) as size from {} where source_id = {}").format(
        raw.relation(job.table), sql.Literal(job.source)
    )
    return int(db.one(job.target, query.as_string())["size"])


def merge(job: Job) -> tuple[int, int]:
    """Merge the rows of the landing table that really differ; count them, and the new ones."""
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
    log_feed(job, job.table.feed_name)
    return landed, inserted


def delete_vanished(job: Job, within: sql.Composable, total: int, limit: float) -> int:
    """Delete the rows whose key is not in the landing table, and feed what they were.

    `total` counts the rows that the source has. Raises `DeletionError` when more than `limit`
    per cent of a table is gone.
    """
    deleted = job.target.execute(
        sql.SQL(db.script("landing_delete_vanished")).format(
            release=sql.Literal(job.release),
            source=sql.Literal(job.source),
            within=within,
            **_parts(job.table),
        )
    ).rowcount
    if deleted > FEW and deleted * 100.0 > limit * (total + deleted):
        raise DeletionError(
            f"source {job.source}: {deleted:,} of {total + deleted:,} rows of "
            f"{job.table.source_name} have vanished (the limit is {limit:g} %)",
            "if that is meant, run `almoner build --accept-deletions`",
        )
    if deleted:
        log_feed(job, job.table.feed_name)
    return deleted


def log_feed(job: Job, feed: str, *, is_full: bool = False) -> None:
    """Say that a feed has news in this release; `is_full` if it does not name the rows."""
    job.target.execute(
        "insert into almoner.feed_log (feed, release_id, is_full) values (%s, %s, %s)"
        " on conflict (feed, release_id)"
        " do update set is_full = feed_log.is_full or excluded.is_full",
        (feed, job.release, is_full),
    )


def remember(job: Job, mark: Watermark, landing: Landing, aside: Aside) -> None:
    """Note how far a table was read, and what that brought."""
    job.target.execute(
        db.script("remember_watermark"),
        {
            "source": job.source,
            "table": job.table.feed_name,
            "release": job.release,
            "identity": mark.server_identity,
            "xmin": mark.snapshot_xmin,
            "held": mark.row_count,
            "aside": aside.rows,
            "landed": landing.landed,
            "deleted": landing.deleted,
            "quarantined": landing.quarantined,
        },
    )


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
