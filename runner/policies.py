"""What a tenant's reports keep to: told to Almoner itself, and released like any other input."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner import db, landing
from runner.errors import ConfigError

FEED = "almoner__tenant_policies"
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


def keep(connection: db.Connection, policy: Policy) -> int:
    """Keep a change and give its number; what is withheld is landed beside it."""
    row = db.one(
        connection,
        "insert into almoner.tenant_policies (tenant_id, minimum_patients, late_changes)"
        " values (%s, %s, %s) returning policy_id",
        policy.tenant_id,
        policy.minimum_patients,
        policy.late_changes,
    )
    return int(row["policy_id"])


def land(connection: db.Connection, policy: Policy, release: int) -> None:
    """Keep a change and say so in its feed, for the next build; in one transaction."""
    with connection.transaction():
        connection.execute(
            "insert into feed.almoner__tenant_policies (release_id, tenant_id, policy_id)"
            " values (%s, %s, %s)",
            (release, policy.tenant_id, keep(connection, policy)),
        )
        landing.log_feed(connection, release, FEED)
