"""What failing audits found, tenant by tenant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from runner import db
from runner.dbt import Result, log_path
from runner.errors import AlmonerError, AuditError, DatabaseError
from runner.tables import counted


@dataclass(frozen=True)
class Failure:
    """What one audit found wrong with one tenant: how many rows, and the first of them."""

    tenant: str
    audit: str
    rows_failed: int
    sample: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.audit} ({counted(self.rows_failed, 'row')})"


def find(connection: db.Connection, release: int, findings: Iterable[Result]) -> list[Failure]:
    """Read the rows that failing audits give for an open release, and record them.

    Raises `AuditError` when a row has no tenant: then nobody can be held for it.
    """
    found = [failure for result in findings for failure in of(connection, result, release)]
    with connection.transaction():
        for failure in found:
            sample = json.dumps(failure.sample)
            connection.execute(
                "insert into almoner.audit_failures"
                " (release_id, tenant_id, audit, rows_failed, sample) values (%s, %s, %s, %s, %s)",
                (release, failure.tenant, failure.audit, failure.rows_failed, sample),
            )
    return found


def of(connection: db.Connection, result: Result, release: int | None = None) -> list[Failure]:
    """Read the rows that one failing audit gives, of an open release or of all history."""
    query = sql.SQL(db.script("audit_failures")).format(audit=sql.SQL(result.compiled))
    with connection.transaction():
        connection.execute("select set_config('almoner.release', %s, true)", (str(release or ""),))
        rows = db.rows(connection, query.as_string())
    for row in rows:
        if row["tenant_id"] is None:
            raise AuditError(
                f"test {result.name}: {counted(row['rows_failed'], 'row')} that belong to no"
                f" tenant, such as {json.dumps(row['sample'][0])}",
                "mend what it names, then run `almoner build`; the last published release is"
                " untouched",
            )
    return [
        Failure(row["tenant_id"], result.name, row["rows_failed"], row["sample"]) for row in rows
    ]


def recorded(connection: db.Connection, release: int) -> list[Failure]:
    """List what the audits of a release found."""
    return [
        Failure(**row)
        for row in db.rows(
            connection,
            "select tenant_id as tenant, audit, rows_failed, sample from almoner.audit_failures"
            " where release_id = %s order by tenant_id, audit",
            release,
        )
    ]


def failure(bad: list[Result], now: str) -> AlmonerError:
    """Make an error of what failed, be it the connection; `now` says what still stands."""
    lost = [result for result in bad if result.is_lost]
    if lost:
        return DatabaseError(
            f"lost the connection to Almoner's database: {told(lost)}",
            "run `almoner build` again; the last published release is untouched",
        )
    return AuditError(
        told(bad),
        f"mend what it names, then run `almoner build` ({log_path()} has dbt's SQL); {now}",
    )


def told(bad: list[Result]) -> str:
    """Name what failed, the first with its message."""
    first = bad[0]
    more = f" (and {len(bad) - 1} more: {', '.join(r.name for r in bad[1:6])})" if bad[1:] else ""
    return f"{first.kind} {first.name}: {first.status}: {' '.join(first.message.split())}{more}"
