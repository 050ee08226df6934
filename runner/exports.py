"""`almoner export`: a mart's rows of one tenant as a file, with a manifest beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from psycopg import sql

from runner import access, db, marts
from runner.errors import ConfigError
from runner.marts import Mart


@dataclass(frozen=True)
class Request:
    """What to export. Dates are inclusive and filter the mart's date column."""

    mart: str
    tenant: str
    first: date | None = None
    last: date | None = None
    file_format: str = "csv"


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

    Raises `ConfigError` for an unknown mart or tenant, or a date for a mart without one.
    """
    if request.file_format != "csv":
        raise ConfigError(f"no format {request.file_format!r}", "`--format csv`")
    mart = marts.find(connection, request.mart)
    access.require_tenant(connection, request.tenant)
    query = _query(mart, request)
    digest = hashlib.sha256()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select set_config('almoner.tenant', %s, true)", (request.tenant,))
        release = db.one(connection, "select almoner.reader_release() as release")["release"]
        statement = sql.SQL("copy ({}) to stdout (format csv, header true)").format(query)
        with cursor.copy(statement) as copy:
            for block in copy:
                digest.update(block)
                out.write(block)
        rows = cursor.rowcount
    return Manifest(
        mart=mart.name,
        tenant=request.tenant,
        release=int(release),
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
        pending.unlink(missing_ok=True)
    beside = path.with_name(f"{path.name}.manifest.json")
    beside.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    return manifest


def _query(mart: Mart, request: Request) -> sql.Composed:
    """Select the mart's columns; text that a spreadsheet would run gets a leading quote."""
    columns = sql.SQL(", ").join(
        sql.SQL("case when {0} ~ '^[-=+@\\t\\r\\n|]' then '''' || {0} else {0} end as {0}").format(
            sql.Identifier(column.name)
        )
        if column.data_type.split("(")[0] in ("text", "varchar", "character varying")
        else sql.Identifier(column.name)
        for column in mart.columns
    )
    view = sql.Identifier("marts", mart.name)
    query = sql.SQL("select {} from {}").format(columns, view)
    conditions = list(_conditions(mart, request))
    if conditions:
        query += sql.SQL(" where ") + sql.SQL(" and ").join(conditions)
    # qualified: the order is by what is stored, not by what is quoted for a spreadsheet
    order = [
        sql.Identifier("marts", mart.name, name) for name in mart.grain or (mart.columns[0].name,)
    ]
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
