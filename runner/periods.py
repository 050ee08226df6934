"""Periods: months that a tenant closes, each with the release that it signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql
from psycopg.rows import DictRow

from runner import db, landing, policies, releases, write_offs
from runner.errors import ConfigError

FEED = "almoner__closed_periods"
NOTHING_RESTATED = "(select null::text as tenant_id, null::bigint as closing_id limit 0)"


@dataclass(frozen=True)
class Step:
    """What somebody does with a tenant's month, `month` being its first day, and why.

    Opening the first month of all opens every one.
    """

    tenant: str
    month: date
    who: str
    reason: str | None = None


def close(connection: db.Connection, step: Step, release: int) -> int:
    """Close a month and those before it, at the release that the tenant reads; give that.

    `release` is the one to land in. Raises `ConfigError` for a month that is not over or is
    closed, if the tenant reads nothing or a release from before its last step, and if another
    policy holds for what is closed.
    """
    with connection.transaction():
        # pruning looks at what is pinned under the same lock
        connection.execute("lock table almoner.pins in share row exclusive mode")
        today = write_offs.today(connection, step.tenant)
        if step.month >= today.replace(day=1):
            raise ConfigError(
                f"{step.month:%Y-%m} of {step.tenant} is not over: it has {today:%Y-%m-%d}",
                "`almoner period close` takes months that are over",
            )
        for closed in _closing(connection, step):
            raise ConfigError(
                f"{step.month:%Y-%m} of {step.tenant} is closed at release {closed['release_id']}",
                "`almoner period list` shows what is closed, `almoner period reopen` opens it",
            )
        pinned = _read_by(connection, step.tenant)
        _require_built(connection, step.tenant, pinned)
        late_changes = policies.current(connection, step.tenant).late_changes
        _require_one_policy(connection, step.tenant, late_changes)
        _keep(connection, step, release, "close", pinned, late_changes)
    return pinned


def reopen(connection: db.Connection, step: Step, release: int) -> None:
    """Open a closed month and those after it; `release` is the one to land in.

    Raises `ConfigError` for a month that is open.
    """
    with connection.transaction():
        if not _closing(connection, step):
            which = "Every month" if step.month == date.min else f"{step.month:%Y-%m}"
            raise ConfigError(
                f"{which} of {step.tenant} is open",
                "`almoner period list` shows what is",
            )
        _keep(connection, step, release, "reopen")


def listing(connection: db.Connection, tenant: str | None = None) -> list[DictRow]:
    """List the closings in force, with the postings of their months that changed since."""
    is_built = db.one(
        connection, "select to_regclass('core.fct_restated_postings') is not null as yes"
    )["yes"]
    query = sql.SQL(db.script("closed_periods")).format(
        restated=sql.SQL("core.fct_restated_postings" if is_built else NOTHING_RESTATED)
    )
    return connection.execute(query, {"tenant": tenant}).fetchall()


def steps(connection: db.Connection, tenant: str | None = None) -> list[DictRow]:
    """List every closing and opening, the first one first."""
    return db.rows(
        connection,
        "select tenant_id, action, month_start_date, release_id, late_changes, reason, done_by,"
        " done_at from almoner.period_steps where tenant_id = coalesce(%s, tenant_id)"
        " order by tenant_id, step_id",
        tenant,
    )


def _closing(connection: db.Connection, step: Step) -> list[DictRow]:
    return db.rows(
        connection,
        "select release_id from almoner.closed_periods where tenant_id = %s"
        " and coalesce(starts_on, '0001-01-01') <= %s and ends_before > %s",
        step.tenant,
        step.month,
        step.month,
    )


def _require_built(connection: db.Connection, tenant: str, pinned: int) -> None:
    """What is signed has to know what was closed and opened before."""
    for last in db.rows(
        connection,
        "select release_id, landed_in from almoner.period_steps where tenant_id = %s"
        " order by step_id desc limit 1",
        tenant,
    ):
        if pinned != last["release_id"] and pinned < last["landed_in"]:
            raise ConfigError(
                f"{tenant} reads release {pinned}, which is from before its last period step",
                "`almoner build` makes one that does; `almoner status` tells who holds it back",
            )


def _require_one_policy(connection: db.Connection, tenant: str, late_changes: str) -> None:
    for closed in db.rows(
        connection,
        "select late_changes from almoner.closed_periods where tenant_id = %s"
        " and late_changes <> %s limit 1",
        tenant,
        late_changes,
    ):
        raise ConfigError(
            f"what {tenant} has closed is under the policy {closed['late_changes']}, now it is"
            f" {late_changes}",
            f"`almoner tenant policy {tenant} --late-changes {closed['late_changes']}`, or"
            f" `almoner period reopen {tenant} --all --reason TEXT` and build",
        )


def _read_by(connection: db.Connection, tenant: str) -> int:
    row = db.one(
        connection, "select release_id from almoner.pointers where tenant_id = %s", tenant
    )
    releases.require_kept(releases.find(connection, row["release_id"]))
    return int(row["release_id"])


def _keep(
    connection: db.Connection,
    step: Step,
    release: int,
    action: str,
    pinned: int | None = None,
    late_changes: str | None = None,
) -> None:
    row = db.one(
        connection,
        "insert into almoner.period_steps (tenant_id, action, month_start_date, release_id,"
        " landed_in, late_changes, reason, done_by) values (%s, %s, %s, %s, %s, %s, %s, %s)"
        " returning step_id",
        step.tenant,
        action,
        step.month,
        pinned,
        release,
        late_changes,
        step.reason,
        step.who,
    )
    connection.execute(
        "insert into feed.almoner__closed_periods (release_id, tenant_id, closing_id)"
        " values (%s, %s, %s)",
        (release, step.tenant, row["step_id"]),
    )
    landing.log_feed(connection, release, FEED)
