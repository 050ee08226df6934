"""`almoner load`: land the files of a directory, through the same door as a database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg import sql

from runner import absence, arrivals, contracts, db, files, landing, project, quarantine, raw
from runner.arrivals import Arrival, Counted
from runner.contracts import Table
from runner.deletions import Limit
from runner.errors import ContractError
from runner.extraction import Watermark
from runner.files import File
from runner.landing import Job, Landing
from runner.quarantine import Aside
from runner.records import Records
from runner.wanted import Wanted

KIND = "files/"
EVERYBODY = Wanted()


@dataclass(frozen=True)
class Batch:
    """Files to land: of which source and system, where they are, and what they mean.

    A table's files are the whole table, unless `is_appended`. Files that are as they were are
    passed over, unless `is_full`. More than `limit` may not vanish. Only `wanted` tenants land.
    """

    source: str
    system: str
    directory: Path
    limit: Limit
    is_appended: bool = False
    is_full: bool = False
    wanted: Wanted = EVERYBODY


@dataclass(frozen=True)
class FileLanding(Landing):
    """What a table's files brought: every row that was read was kept or set aside."""

    read: int = 0
    kept: int = 0
    aside: int = 0
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A file that landed, as it was then."""

    file: File
    sha256: str


def land(
    target: db.Connection,
    batch: Batch,
    release: int,
    report: Callable[[Landing], None] = lambda landing: None,
) -> list[Landing]:
    """Land the files of a directory, in the transaction that is open.

    Raises `ContractError` for a file that cannot be read or is of no table.
    """
    contract = contracts.load(batch.system)
    found = files.find(project.root() / batch.directory, contract)
    _fence(target, release)
    landings: list[Landing] = []
    for table in contract.tables:
        if parts := files.of_table(found, table):
            landings.append(_land(Job(target, batch.source, table, release), batch, parts))
            report(landings[-1])
        elif lacked := absence.of_files(target, batch.source, table):
            landings.append(Landing(batch.source, table, absent=lacked))
    return landings


def changed(target: db.Connection, batch: Batch) -> list[Table]:
    """List the tables whose files are not those that landed last."""
    contract = contracts.load(batch.system)
    found = files.find(project.root() / batch.directory, contract)
    jobs = [Job(target, batch.source, table, 0) for table in contract.tables]
    return [
        job.table
        for job in jobs
        if (parts := files.of_table(found, job.table))
        and not _is_landed(job, batch, landing.watermark(target, job.source, job.table), parts)
    ]


def again(job: Job) -> FileLanding:
    """Judge the rows of a table's files that were set aside once more; land what is good now.

    A row that has landed meanwhile keeps its place.
    """
    mark = landing.watermark(job.target, job.source, job.table)
    _fence(job.target, job.release)
    paths = quarantine.paths(job.target, job.source, job.table)
    arrival = Arrival(job, tuple(paths))
    arrival.open()
    arrival.copy_aside()
    arrival.judge()
    arrival.yield_to_landed()
    held = mark.row_count if mark else landing.count(job.target, job.source, job.table)
    batch = Batch(job.source, job.table.system, Path(), Limit(0), is_appended=True)
    done, kept = _settle(arrival, batch, held)
    arrival.close()
    identity = mark.server_identity if mark else KIND
    landing.remember(job, Watermark(identity, 0, kept), done, Aside(_aside(job)))
    return done


def _fence(target: db.Connection, release: int) -> None:
    """Write for the release if it is being built still; read instants without a zone as UTC."""
    target.execute("select almoner.fence(%s)", (release,))
    target.execute("set local timezone = 'UTC'")
    target.execute("set local datestyle = 'ISO, YMD'")


def _land(job: Job, batch: Batch, parts: list[File]) -> Landing:
    mark = landing.watermark(job.target, job.source, job.table)
    if not batch.is_full and _is_landed(job, batch, mark, parts):
        return Landing(job.source, job.table)
    digests = [part.sha256() for part in parts]
    held = mark.row_count if mark else landing.count(job.target, job.source, job.table)
    arrival = Arrival(job, tuple(arrivals.shown(part.path) for part in parts))
    arrival.open()
    readings = [Records(part, number, job.table) for number, part in enumerate(parts, start=1)]
    for reading in readings:
        arrival.copy(reading)
    arrival.judge()
    _compare(readings, arrival.counted())
    skipped = arrival.leave_out(batch.wanted)
    done, kept = _settle(arrival, batch, held, readings)
    done = replace(done, skipped=skipped)
    _remember_files(job, batch, [*zip(parts, digests, arrival.counted(), strict=True)])
    arrival.close()
    mark = Watermark(_identity(job.table, batch.wanted), 0, kept)
    landing.remember(job, mark, done, Aside(_aside(job)))
    return done


def _is_landed(job: Job, batch: Batch, mark: Watermark | None, parts: list[File]) -> bool:
    """Tell whether a table's files are those that landed last, judged by the same contract."""
    if mark is None or mark.server_identity != _identity(job.table, batch.wanted):
        return False
    before = _seen(job, batch.is_appended)
    return bool(before) and ([seen.file for seen in before] == parts or _touch(job, before, parts))


def _settle(
    arrival: Arrival, batch: Batch, held: int, readings: Sequence[Records] = ()
) -> tuple[FileLanding, int]:
    """Cast, merge and set aside what has arrived; give it and how many rows are held now.

    Raises `ContractError` unless every row that was read was kept or set aside.
    """
    job = arrival.job
    # whoever judges again judges all that is aside
    aside = arrival.set_aside(in_place_of_all=not batch.is_appended or not readings)
    landed, inserted, deleted, kept = _put(arrival, batch, held)
    read = sum(each.read for each in arrival.counted())
    if kept + aside.rows != read:
        raise ContractError(
            f"source {job.source}: {read:,} rows of {job.table.source_name} were read, of which"
            f" {kept:,} landed and {aside.rows:,} are set aside",
            "nothing has landed; run `almoner load` again",
        )
    unknown = {name for reading in readings for name in reading.unknown}
    done = FileLanding(
        job.source, job.table, landed, deleted, aside.added, aside.gone, read=read, kept=kept,
        aside=aside.rows, unknown=tuple(sorted(unknown)),
    )  # fmt: skip
    return done, held + inserted - deleted


def _put(arrival: Arrival, batch: Batch, held: int) -> tuple[int, int, int, int]:
    """Bring good rows into raw; count those that differ, are new, have vanished, and all."""
    job, table = arrival.job, arrival.job.table
    if not held and landing.is_empty(job.target, table):
        raw.drop_indexes(job.target, table)
        kept = arrival.cast_into(raw.relation(table))
        raw.create_indexes(job.target, table)
        job.target.execute(sql.SQL("analyze {}").format(raw.relation(table)))
        landing.log_feed(job.target, job.release, table.feed_name, is_full=True)
        return kept, kept, 0, kept
    beside = raw.landing(table)
    job.target.execute(sql.SQL("truncate {}").format(beside))
    kept = arrival.cast_into(beside)
    job.target.execute(sql.SQL("analyze {}").format(beside))
    deleted = 0
    if not batch.is_appended:
        within = sql.SQL("true")
        deleted = landing.delete_vanished(job, within, batch.limit)
    landed, inserted = landing.merge(job)
    return landed, inserted, deleted, kept


def _compare(readings: list[Records], counted: list[Counted]) -> None:
    """Raise `ContractError` if a file brought other than the rows that were read from it."""
    for reading, each in zip(readings, counted, strict=True):
        if reading.count != each.read:
            raise ContractError(
                f"{reading.file.path}: {reading.count:,} rows were read and {each.read:,} arrived",
                "nothing has landed; run `almoner load` again",
            )


def _aside(job: Job) -> int:
    return quarantine.held(job.target, job.source).get(quarantine.entity(job.table), 0)


def _identity(table: Table, wanted: Wanted) -> str:
    """Tell one wording of a table's contract from another, or one choice of tenants.

    Its files are then judged anew.
    """
    wording = repr((table.key, table.tenant, table.columns))
    return KIND + hashlib.sha256(wording.encode()).hexdigest() + wanted.digest


def _seen(job: Job, is_appended: bool) -> list[Seen]:
    """Give the files that landed last as they were, in order."""
    found = db.rows(
        job.target, db.script("landed_files"), job.source, job.table.feed_name, is_appended
    )
    seen = [
        Seen(File(Path(row["path"]), row["size"], row["modified_ns"]), row["sha256"])
        for row in found
    ]
    return sorted(seen, key=lambda each: each.file.path)


def _touch(job: Job, before: list[Seen], parts: list[File]) -> bool:
    """Tell whether files that were only written again are the same, and note their new times."""
    places = [seen.file.path for seen in before]
    sizes = [seen.file.size for seen in before]
    if places != [part.path for part in parts] or sizes != [part.size for part in parts]:
        return False
    if [seen.sha256 for seen in before] != [part.sha256() for part in parts]:
        return False
    for part in parts:
        job.target.execute(
            "update almoner.landed_files set modified_ns = %s"
            " where source_id = %s and table_name = %s and path = %s",
            (part.modified_ns, job.source, job.table.feed_name, arrivals.shown(part.path)),
        )
    return True


def _remember_files(job: Job, batch: Batch, landed: list[tuple[File, str, Counted]]) -> None:
    for file, digest, counted in landed:
        job.target.execute(
            db.script("remember_file"),
            {
                "release": job.release,
                "source": job.source,
                "table": job.table.feed_name,
                "path": arrivals.shown(file.path),
                "is_appended": batch.is_appended,
                "size": file.size,
                "modified_ns": file.modified_ns,
                "sha256": digest,
                "read": counted.read,
                "aside": counted.aside,
            },
        )
