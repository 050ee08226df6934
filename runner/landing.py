"""Landing: rows that arrived beside a raw table are merged into it, and its feed says so."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from runner import db, deletions, raw
from runner.contracts import Table
from runner.deletions import Limit
from runner.extraction import Watermark
from runner.quarantine import Aside


@dataclass(frozen=True)
class Landing:
    """What one table of one source brought; rows newly set aside, and such that left again.

    `rule` is how it was read; `notices` are what the operator should know of that; `skipped` rows
    are of tenants that were removed or are not listed. `absent` are the optional table, or its
    optional columns, that the source does not have.
    """

    source: str
    table: Table
    landed: int = 0
    deleted: int = 0
    quarantined: int = 0
    mended: int = 0
    rule: str = "whole"
    refusal: str | None = None
    notices: tuple[str, ...] = ()
    skipped: int = 0
    absent: tuple[str, ...] = ()

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
    log_feed(job.target, job.release, job.table.feed_name)
    return landed, inserted


def delete_vanished(job: Job, within: sql.Composable, limit: Limit) -> int:
    """Delete the rows `within` whose key is not in the landing table, and feed what they were.

    Raises `DeletionError` when that is more than the limit.
    """
    deleted = deletions.delete(
        job.target, job.source, job.table, job.release, within, _parts(job.table), limit
    )
    if deleted:
        log_feed(job.target, job.release, job.table.feed_name)
    return deleted


def log_feed(target: db.Connection, release: int, feed: str, *, is_full: bool = False) -> None:
    """Say that a feed has news in this release; `is_full` if it does not name the rows."""
    target.execute(
        "insert into almoner.feed_log (feed, release_id, is_full) values (%s, %s, %s)"
        " on conflict (feed, release_id)"
        " do update set is_full = feed_log.is_full or excluded.is_full",
        (feed, release, is_full),
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
            "skipped": landing.skipped,
        },
    )


def forget(target: db.Connection, source: str, table: Table) -> None:
    """Let a table be read in full."""
    target.execute(
        "delete from almoner.watermarks where source_id = %s and table_name = %s",
        (source, table.feed_name),
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
