"""Landing without a build: what `sync`, `load` and what people tell Almoner bring.

What lands waits for the next build.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from runner import (
    db,
    inspection,
    load,
    periods,
    policies,
    releases,
    sync,
    targets,
    tenants,
    wanted,
)
from runner.landing import Landing
from runner.settings import Settings


def from_sources(
    settings: Settings, dsn: str, *, accept_deletions: bool, verify: bool = False
) -> list[Landing]:
    """Sync without building: the rows wait in raw for the next build."""
    with _only_landing(dsn, "sync only") as (connection, release):
        return sync.sync(
            connection, settings, release, accept_deletions=accept_deletions, verify=verify
        )


def from_files(settings: Settings, dsn: str, batch: load.Batch) -> list[Landing]:
    """Load files without building: the rows wait in raw for the next build."""
    with _only_landing(dsn, "load only") as (connection, release), connection.transaction():
        chosen = wanted.of(connection, batch.source, settings.sources.get(batch.source))
        return load.land(connection, replace(batch, wanted=chosen), release)


def retry(settings: Settings, dsn: str, source: str | None) -> list[inspection.Retried]:
    """Judge again, without building, what could not land."""
    with _only_landing(dsn, "retry only") as (connection, release):
        return inspection.retry(connection, settings, source, release)


def policy(dsn: str, tenant: str, minimum_patients: int | None) -> bool:
    """Change what is withheld of a tenant without building; tell whether it is news.

    Raises `ConfigError` for an unknown tenant or a minimum that hides nobody.
    """
    policies.check(tenant, minimum_patients)
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        tenants.require(connection, tenant)
        if policies.current(connection, tenant).minimum_patients == minimum_patients:
            return False
    with _only_landing(dsn, "policy only") as (connection, release):
        policies.land_minimum(connection, tenant, minimum_patients, release)
    return True


def set_targets(
    dsn: str, wanted_revenue: Sequence[targets.Target], *, who: str | None = None
) -> None:
    """Set or take away targets without building; `who` if it is not the login.

    Raises `ConfigError` for one that cannot be.
    """
    with builder(dsn) as connection:
        write_targets(connection, wanted_revenue, who=who)


def write_targets(
    connection: db.Connection, wanted_revenue: Sequence[targets.Target], *, who: str | None = None
) -> None:
    """Set or take away targets as the builder; `who` if it is not the login.

    Raises `ConfigError` for one that cannot be.
    """
    for target in wanted_revenue:
        targets.check(target)
    if releases.last_published(connection) is None:
        targets.write(connection, wanted_revenue, None, who)
        return
    with _release(connection, "target only") as release:
        targets.write(connection, wanted_revenue, release, who)


def close_period(dsn: str, step: periods.Step) -> int:
    """Close a tenant's months without building; give the release that is pinned.

    Raises `ConfigError` if they cannot be closed.
    """
    with _only_landing(dsn, "period only") as (connection, release):
        return periods.close(connection, step, release)


def reopen_period(dsn: str, step: periods.Step) -> None:
    """Open a tenant's months again without building.

    Raises `ConfigError` if they are open.
    """
    with _only_landing(dsn, "period only") as (connection, release):
        periods.reopen(connection, step, release)


@contextmanager
def _only_landing(dsn: str, reason: str) -> Iterator[tuple[db.Connection, int]]:
    """Open a release to land in, and give it up afterwards; what landed stays."""
    with builder(dsn) as connection, _release(connection, reason) as release:
        yield connection, release


@contextmanager
def builder(dsn: str) -> Iterator[db.Connection]:
    """Be the one builder, with a database that has all that it needs.

    Raises `PublicationError` while another command builds.
    """
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            yield connection


@contextmanager
def _release(connection: db.Connection, reason: str) -> Iterator[int]:
    release = releases.open_release(connection)
    try:
        yield release
    finally:
        if not connection.closed:
            releases.revert(connection, release, reason)
