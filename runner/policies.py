"""What a tenant's reports keep to: told to Almoner itself, and released like any other input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from runner import db, landing
from runner.errors import ConfigError

FEED = "almoner__tenant_policies"
LOCK = 4_017_004  # with a digest of the tenant whose policy is being set
LEAST = 3
LATE_CHANGES = ("restate", "carry-forward")


@dataclass(frozen=True)
class Policy:
    """A tenant's policy, who set it and when; a null minimum withholds nothing.

    `minimum_patients` is how many patients a published count has at least; `late_changes` what
    becomes of later changes of a month that is closed from then on (T2).
    """

    tenant_id: str
    minimum_patients: int | None = None
    late_changes: str = "restate"
    set_at: datetime | None = None
    set_by: str | None = None


def history(connection: db.Connection, tenant: str) -> list[Policy]:
    """List what was ever set for a tenant, the newest first."""
    found = db.rows(
        connection,
        "select tenant_id, minimum_patients, late_changes, set_at, set_by"
        " from almoner.tenant_policies where tenant_id = %s order by policy_id desc",
        tenant,
    )
    return [Policy(**row) for row in found]


def current(connection: db.Connection, tenant: str) -> Policy:
    """Give what was set last, which the next build publishes."""
    return next(iter(history(connection, tenant)), Policy(tenant))


def check(tenant: str, minimum_patients: int | None) -> None:
    """Raise `ConfigError` for a minimum that would hide nothing."""
    if minimum_patients is not None and minimum_patients < LEAST:
        raise ConfigError(
            f"a minimum of {minimum_patients} patients hides nobody: with less than {LEAST},"
            " what is withheld is known to be one",
            f"`almoner tenant policy {tenant} --minimum-patients 5`, or `--clear`",
        )


def keep_late_changes(connection: db.Connection, tenant: str, late_changes: str) -> None:
    """Set what becomes of later changes; the rest of the policy stays as it is."""
    with _last_word(connection, tenant) as before:
        _keep(connection, replace(before, late_changes=late_changes))


def land_minimum(
    connection: db.Connection, tenant: str, minimum_patients: int | None, release: int
) -> None:
    """Set what is withheld and say so in its feed, for the next build; in one transaction."""
    with _last_word(connection, tenant) as before:
        kept = _keep(connection, replace(before, minimum_patients=minimum_patients))
        connection.execute(
            "insert into feed.almoner__tenant_policies (release_id, tenant_id, policy_id)"
            " values (%s, %s, %s)",
            (release, tenant, kept),
        )
        landing.log_feed(connection, release, FEED)


@contextmanager
def _last_word(connection: db.Connection, tenant: str) -> Iterator[Policy]:
    """Give what was set last, in a transaction within which nobody else sets anything."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, tenant))
        yield current(connection, tenant)


def _keep(connection: db.Connection, policy: Policy) -> int:
    row = db.one(
        connection,
        "insert into almoner.tenant_policies (tenant_id, minimum_patients, late_changes)"
        " values (%s, %s, %s) returning policy_id",
        policy.tenant_id,
        policy.minimum_patients,
        policy.late_changes,
    )
    return int(row["policy_id"])
