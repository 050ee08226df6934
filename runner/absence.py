"""What a source may lack: the tables and columns that its contract calls optional.

What never landed is empty; what landed and is not there any more is lost, which is an error
until somebody accepts the deletion.
"""

from __future__ import annotations

from dataclasses import replace

from psycopg import sql

from runner import contracts, db, extraction, landing, quarantine, raw
from runner.contracts import Table
from runner.deletions import Limit
from runner.errors import ContractError
from runner.extraction import Snapshot, Watermark
from runner.landing import Job, Landing
from runner.tables import counted


def land(job: Job, snapshot: Snapshot, limit: Limit) -> Landing:
    """Land nothing of a table that the source lacks; delete what had landed, if that is accepted.

    Raises `ContractError` if it is not.
    """
    if not limit.is_accepted:
        require_empty(job, snapshot)
    done = Landing(job.source, job.table, absent=(job.table.source_name,))
    if _rows(job):
        done = _delete(job, done, limit)
    landing.forget(job.target, job.source, job.table)
    return done


def require_empty(job: Job, snapshot: Snapshot) -> None:
    """Raise `ContractError` if rows have landed of a table that the source lacks."""
    if rows := _rows(job):
        raise _lost(snapshot.place(job.table), f"deletes its {counted(rows, 'row')}")


def has_rows(job: Job) -> bool:
    """Tell whether rows have landed of a table, or are set aside."""
    return bool(_rows(job))


def require_no_values(job: Job, snapshot: Snapshot, mark: Watermark | None) -> None:
    """Raise `ContractError` if values have landed of a column that the source lacks."""
    known = extraction.lacked(mark.server_identity) if mark else ()
    for name in snapshot.lacking(job.table):
        if name not in known and _has_values(job, name):
            column = f"{snapshot.place(job.table)}.{job.table.in_source(name)}"
            raise _lost(column, "empties it")


def columns(table: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    """Name columns that a source lacks, as it would."""
    return tuple(f"{table.source_name}.{table.in_source(name)}" for name in names)


def told(source: str, absent: list[str]) -> str:
    """Say what a source lacks."""
    return f"optional, and not in {source}: {', '.join(absent)}"


def of_sources(connection: db.Connection) -> dict[str, list[str]]:
    """Name what each source lacked when it was read last."""
    read: dict[str, dict[str, str]] = {}
    for row in db.rows(
        connection, "select source_id, table_name, server_identity from almoner.watermarks"
    ):
        read.setdefault(row["source_id"], {})[row["table_name"]] = row["server_identity"]
    every = contracts.load_all()
    return {
        source: [
            name
            for contract in every
            if any(table.feed_name in identities for table in contract.tables)
            for table in contract.tables
            for name in of_table(connection, source, table, identities.get(table.feed_name))
        ]
        for source, identities in read.items()
    }


def of_files(connection: db.Connection, source: str, table: Table) -> tuple[str, ...]:
    """Name an optional table of which no file has landed yet."""
    if not table.is_optional:
        return ()
    mark = landing.watermark(connection, source, table)
    return of_table(connection, source, table, mark.server_identity if mark else None)


def of_table(
    connection: db.Connection, source: str, table: Table, identity: str | None
) -> tuple[str, ...]:
    """Name what a source lacked of a table, whose identity was this when it was read last."""
    if identity is not None:
        lacked = extraction.lacked(identity)
        return columns(table, tuple(name for name in table.column_names if name in lacked))
    is_absent = table.is_optional and not landing.count(connection, source, table)
    return (table.source_name,) if is_absent else ()


def _delete(job: Job, done: Landing, limit: Limit) -> Landing:
    beside = raw.landing(job.table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    deleted = landing.delete_vanished(job, sql.SQL("true"), limit)
    aside = quarantine.set_aside(job.target, job.source, job.table, beside, job.release)
    if aside.gone:
        landing.log_feed(job.target, job.release, quarantine.FEED)
    done = replace(done, deleted=deleted, mended=aside.gone)
    landing.remember(job, Watermark("", 0, 0), done, aside)
    return done


def _rows(job: Job) -> int:
    """Count what has landed of a table, and what is set aside of it."""
    aside = quarantine.held(job.target, job.source).get(quarantine.entity(job.table), 0)
    return landing.count(job.target, job.source, job.table) + aside


def _has_values(job: Job, column: str) -> bool:
    query = sql.SQL(
        "select exists (select from {} where source_id = {} and {} is not null) as yes"
    ).format(raw.relation(job.table), sql.Literal(job.source), sql.Identifier(column))
    return bool(db.one(job.target, query.as_string())["yes"])


def _lost(place: str, consequence: str) -> ContractError:
    return ContractError(
        f"{place} has landed and is not there any more",
        f"bring it back; if it is gone for good, `almoner build --accept-deletions` {consequence}",
    )
