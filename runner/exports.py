"""`almoner export`: a mart's rows of one tenant as a file, with a manifest beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from psycopg import sql

from runner import access, db, marts, releases
from runner.errors import ConfigError
from runner.marts import Mart

# how a cell begins that a spreadsheet runs; the last four are the wide forms of East Asia
FORMULA = "-=+@|\t\r\n＝＋－＠"


@dataclass(frozen=True)
class Request:
    """What to export. Dates are inclusive and filter the mart's date column.

    `as_known_at` is a release: the rows are those that the tenant read when it was the newest.
    """

    mart: str
    tenant: str
    first: date | None = None
    last: date | None = None
    file_format: str = "csv"
    as_known_at: int | None = None


@dataclass(frozen=True)
class Manifest:
    """What was exported: enough to say later whether a file is still what it was."""

    mart: str
    tenant: str
    release: int
    file_format: str
    date_column: str | None
    first: str | None
    last: str | None
    columns: list[str]
    rows: int
    sha256: str


def export(connection: db.Connection, request: Request, out: BinaryIO) -> Manifest:
    """Stream a mart to `out` in the order of its grain; memory stays flat at any size.

    Raises `ConfigError` for an unknown mart or tenant, a date for a mart without one, a day that
    the tenant has no figures for, or a release that it cannot be shown.
    """
    if request.file_format != "csv":
        raise ConfigError(f"no format {request.file_format!r}", "`--format csv`")
    digest = hashlib.sha256()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute(db.script("same_bytes"))
        mart = marts.find(connection, request.mart)
        access.require_tenant(connection, request.tenant)
        release = _release(connection, request)
        query = _query(mart, request)
        _require_days(connection, mart, request)
        statement = sql.SQL(
            "copy ({}) to stdout (format csv, header true, encoding 'UTF8')"
        ).format(query)
        with cursor.copy(statement) as copy:
            for block in db.blocks(copy):
                digest.update(block)
                out.write(block)
        rows = cursor.rowcount
    return Manifest(
        mart=mart.name,
        tenant=request.tenant,
        release=release,
        file_format=request.file_format,
        date_column=mart.date_column,
        first=request.first.isoformat() if request.first else None,
        last=request.last.isoformat() if request.last else None,
        columns=[column.name for column in mart.columns],
        rows=rows,
        sha256=digest.hexdigest(),
    )


def export_file(connection: db.Connection, request: Request, path: Path) -> Manifest:
    """Export to a file that appears only when it is complete, its manifest with it."""
    if path.is_dir():
        raise ConfigError(
            f"cannot write {path}: it is a directory",
            f"name a file in it: `almoner export {request.mart} … --out {path}/FILE`",
        )
    if path.exists() and not path.is_file():
        # the finished file takes the place of what is there, and must not of a device
        raise ConfigError(
            f"cannot write {path}: it is there, and no ordinary file",
            "`almoner export --help`; choose another --out",
        )
    pending = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with pending.open("wb") as out:
            manifest = export(connection, request, out)
        pending.replace(path)
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror}",
            "`almoner export --help`; choose another --out",
        ) from error
    finally:
        with suppress(OSError):  # a folder that may not be written is told above
            pending.unlink(missing_ok=True)
    beside = path.with_name(f"{path.name}.manifest.json")
    beside.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    return manifest


def _release(connection: db.Connection, request: Request) -> int:
    """Read as the tenant from here on; give the release that its rows are of."""
    release = releases.read_as(connection, request.tenant, request.as_known_at)
    if release is None:
        raise ConfigError(
            f"{request.tenant} was shown nothing at release {request.as_known_at}",
            f"`almoner export {request.mart} --tenant {request.tenant} --out …` gives what it"
            " reads now",
        )
    return release


def _require_days(connection: db.Connection, mart: Mart, request: Request) -> None:
    """Refuse a day that as-of marts do not reach: an empty file would look like no debts."""
    if mart.date_column != "as_of_date":
        return
    days = db.one(
        connection,
        "select min(as_of_date) as first, max(as_of_date) as last from marts.reporting_days",
    )
    for day in (request.first, request.last):
        if day and not (days["first"] and days["first"] <= day <= days["last"]):
            nearest = days["first"] if days["first"] and day < days["first"] else days["last"]
            raise ConfigError(
                f"{request.tenant} has no figures for {day}: its days are {days['first']} to"
                f" {days['last']}",
                f"`almoner export {mart.name} --tenant {request.tenant} --as-of {nearest}"
                " --out …`",
            )


def _query(mart: Mart, request: Request) -> sql.Composed:
    """Select the mart's columns; text that a spreadsheet would run gets a leading quote."""
    # by its number, since a pattern would take as long as all the rest
    begins = sql.SQL(", ").join(sql.Literal(ord(character)) for character in FORMULA)
    columns = sql.SQL(", ").join(
        sql.SQL("case when ascii({0}) in ({1}) then '''' || {0} else {0} end as {0}").format(
            sql.Identifier(column.name), begins
        )
        if column.is_text
        else sql.Identifier(column.name)
        for column in mart.columns
    )
    view = sql.Identifier("marts", mart.name)
    query = sql.SQL("select {} from {}").format(columns, view)
    conditions = list(_conditions(mart, request))
    if conditions:
        query += sql.SQL(" where ") + sql.SQL(" and ").join(conditions)
    texts = {column.name for column in mart.columns if column.is_text}
    # qualified: the order is by what is stored, not by what is quoted for a spreadsheet; the
    # tenant is one
    order = [
        sql.SQL('{} collate "C"' if name in texts else "{}").format(
            sql.Identifier("marts", mart.name, name)
        )
        for name in mart.grain or (mart.columns[0].name,)
        if name != "tenant_id"
    ]
    if not order:
        return query
    return query + sql.SQL(" order by ") + sql.SQL(", ").join(order)


def _conditions(mart: Mart, request: Request) -> Iterator[sql.Composed]:
    if (request.first or request.last) and not mart.date_column:
        raise ConfigError(
            f"mart {mart.name} has no date to filter by",
            f"leave --from, --to and --as-of out; `almoner marts {mart.name}` lists its columns",
        )
    if mart.date_column == "as_of_date" and not (request.first or request.last):
        raise ConfigError(
            f"mart {mart.name} holds for a day",
            f"`almoner export {mart.name} --tenant {request.tenant} --as-of YYYY-MM-DD --out …`",
        )
    if request.first and request.last and request.first > request.last:
        raise ConfigError(
            f"--from {request.first} is after --to {request.last}",
            f"exchange the two: `--from {request.last} --to {request.first}`",
        )
    for bound, operator in ((request.first, ">="), (request.last, "<=")):
        if bound:
            yield sql.SQL("{} " + operator + " {}").format(
                sql.Identifier(mart.date_column or ""), sql.Literal(bound)
            )
