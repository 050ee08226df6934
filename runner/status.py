"""What `almoner status` and `almoner releases show` tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import DictRow

from runner import db, releases


@dataclass(frozen=True)
class Status:
    """The state of an installation."""

    place: str
    version: str
    size: str
    release: int | None
    published_at: datetime | None
    building: int | None
    tenants: int
    readers: int
    sources: list[DictRow]
    amiss: list[releases.Amiss]


def read(connection: db.Connection) -> Status:
    """Read the state of an installation."""
    row = db.one(connection, db.script("status"))
    return Status(
        place=f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}",
        version=row["version"],
        size=row["size"],
        release=row["release_id"],
        published_at=row["published_at"],
        building=row["building"],
        tenants=row["tenants"],
        readers=row["readers"],
        sources=db.rows(connection, db.script("status_sources")),
        amiss=releases.amiss(connection),
    )


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
