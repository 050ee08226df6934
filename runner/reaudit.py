"""Audits of what is published: of its whole history, and of a tenant that is held."""

from __future__ import annotations

from runner import audits, db, holds, publication, raw, releases
from runner.dbt import Dbt, Result
from runner.errors import AuditError


def audit(dsn: str) -> list[Result]:
    """Audit the whole history of the last published release; a build audits what it changed.

    Raises `AuditError` when a test fails, `ConfigError` if raw tables are newer than the release.
    """
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            releases.require_built(connection)
            results = Dbt(dsn, raw.landed_systems(connection)).audit()
    bad = [result for result in results if not result.is_good]
    if bad:
        raise audits.failure(bad, "`almoner releases rollback` goes back to the release before")
    return results


def unhold(dsn: str, tenant: str, *, force: bool = False) -> int:
    """Let a tenant that is held read the newest release, and give that.

    Audits that hold it are asked again; raises `AuditError` if they still find fault with it,
    unless `force`.
    """
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            if holds.require(connection, tenant) == "audit" and not force:
                _ask_again(dsn, connection, tenant)
            with connection.transaction():
                release = holds.lift(connection, tenant)
                publication.check_gate(connection)
                return release


def _ask_again(dsn: str, connection: db.Connection, tenant: str) -> None:
    names = holds.failing(connection)[tenant]
    results = Dbt(dsn, raw.landed_systems(connection)).audit(sorted(names))
    bad = [result for result in results if not result.is_good]
    if [result for result in bad if not result.is_finding]:
        raise audits.failure(bad, "the tenant stays held")
    found = [failure for result in bad for failure in audits.of(connection, result)]
    told = ", ".join(str(failure) for failure in found if failure.tenant == tenant)
    if told:
        raise AuditError(
            f"{tenant} stays held: {told}",
            "mend the rows in the source and run `almoner build`, or show its readers what is"
            f" there: `almoner releases unhold {tenant} --force`",
        )
