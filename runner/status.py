"""What `almoner status` and `almoner releases show` tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from psycopg import sql
from psycopg.rows import DictRow

from runner import absence, db, releases
from runner.settings import Settings


@dataclass(frozen=True)
class Source:
    """How far a source was read: its rows that are held, and when it was looked at.

    `absent` are the optional tables and columns that it did not have then.
    """

    source: str
    tables: int
    rows: int
    read_at: datetime | None
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cursor:
    """How a table whose cursor the source keeps was read last, and why not by the cursor."""

    source: str
    table: str
    read_by: str
    because: str | None
    verified_at: datetime | None


@dataclass(frozen=True)
class Status:
    """The state of an installation.

    `release` is what tenants read; `newest`, the newest one, differs after a rollback.
    `building` is open; it `is_abandoned` when its build was killed.
    """

    place: str
    version: str
    size: str
    release: int | None
    published_at: datetime | None
    newest: int | None
    building: int | None
    is_abandoned: bool
    tenants: list[str]
    readers: int
    sources: list[Source]
    cursors: list[Cursor]
    amiss: list[releases.Amiss]


def read(connection: db.Connection, configured: Settings) -> Status:
    """Read the state of an installation, sources that were never read included."""
    row = db.one(connection, db.script("status"), releases.BUILDER_LOCK)
    return Status(
        place=f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}",
        version=row["version"],
        size=row["size"],
        release=row["release_id"],
        published_at=row["published_at"],
        newest=row["newest"],
        building=row["building"],
        is_abandoned=row["building"] is not None and not row["is_locked"],
        tenants=row["tenants"],
        readers=row["readers"],
        sources=_sources(connection, configured),
        cursors=_cursors(connection, configured),
        amiss=releases.amiss(connection),
    )


def _sources(connection: db.Connection, configured: Settings) -> list[Source]:
    absent = absence.of_sources(connection)
    read = [
        Source(**row, absent=absent.get(row["source"], []))
        for row in db.rows(connection, db.script("status_sources"), list(configured.sources))
    ]
    unread = sorted(configured.sources.keys() - {source.source for source in read})
    return read + [Source(name, 0, 0, None) for name in unread]


def _cursors(connection: db.Connection, configured: Settings) -> list[Cursor]:
    """Tell of the large tables that could be read by a cursor."""
    query, minimum = db.script("status_cursors"), configured.cursor_minimum_rows
    return [Cursor(**row) for row in db.rows(connection, query, minimum)]


def changed_rows(connection: db.Connection, release: int) -> list[DictRow]:
    """Count, by released table, the rows that a release added and superseded."""
    changed: list[DictRow] = []
    for row in db.rows(
        connection, "select feed as name from almoner.feed_log where release_id = %s"
        " and to_regclass('store.' || quote_ident(feed)) is not null order by feed", release,
    ):  # fmt: skip
        query = sql.SQL(
            "select {name} as table_name,"
            " count(*) filter (where released_in = {release}) as rows_added,"
            " count(*) filter (where retired_in = {release}) as rows_superseded from {store}"
        ).format(
            name=sql.Literal(row["name"]),
            release=sql.Literal(release),
            store=sql.Identifier("store", row["name"]),
        )
        changed.append(db.one(connection, query.as_string()))
    return changed
