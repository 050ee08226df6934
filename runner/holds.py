"""Holds: tenants that go on reading an older release while the others move on."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner import access, db, releases
from runner.audits import Failure
from runner.errors import ConfigError


@dataclass(frozen=True)
class Verdict:
    """What the audits of a candidate found, and the names of those that ran."""

    failures: list[Failure] = field(default_factory=list)
    audited: frozenset[str] = frozenset()

    @property
    def at_fault(self) -> list[str]:
        """Give the tenants that an audit found fault with."""
        return sorted({failure.tenant for failure in self.failures})


def hold(connection: db.Connection, tenant: str, reason: str) -> int:
    """Keep a tenant at the release it reads, and give that release.

    Raises `ConfigError` for an unknown tenant or one that is held already.
    """
    access.require_tenant(connection, tenant)
    with connection.transaction():
        since = (releases.last_published(connection) or 0) + 1
        if not _open(connection, tenant, since, "manual", reason):
            raise ConfigError(
                f"{tenant} is held already",
                f"`almoner status` says why; `almoner releases unhold {tenant}` lifts it",
            )
        row = db.one(
            connection, "select release_id from almoner.pointers where tenant_id = %s", tenant
        )
        return int(row["release_id"])


def require(connection: db.Connection, tenant: str) -> str:
    """Give the kind of a tenant's open hold.

    Raises `ConfigError` if it is not held.
    """
    found = db.rows(
        connection,
        "select kind from almoner.holds where tenant_id = %s and lifted_at is null",
        tenant,
    )
    if not found:
        raise ConfigError(f"{tenant} is not held", "`almoner status` lists who is")
    return str(found[0]["kind"])


def failing(connection: db.Connection) -> dict[str, set[str]]:
    """Map each tenant that audits hold to the audits that failed since."""
    return {
        row["tenant_id"]: set(row["audits"])
        for row in db.rows(connection, db.script("held_by_audits"))
    }


def judge(connection: db.Connection, release: int, verdict: Verdict) -> None:
    """Hold the tenants at fault; let those go that all the audits which held them now pass.

    To be called in the transaction that publishes.
    """
    for tenant in verdict.at_fault:
        told = [str(failure) for failure in verdict.failures if failure.tenant == tenant]
        _open(connection, tenant, release, "audit", ", ".join(told))
    for tenant, audits in failing(connection).items():
        if tenant not in verdict.at_fault and audits <= verdict.audited:
            _lift(connection, tenant, release, "build")


def lift(connection: db.Connection, tenant: str) -> int:
    """Let a tenant that is held read the newest published release, and give that."""
    newest = releases.last_published(connection)
    parameters = {"tenant": tenant, "release": newest}
    if newest is None or not connection.execute(db.script("move_pointer_of"), parameters).rowcount:
        raise ConfigError(
            f"release {newest} does not have {tenant}: no source has it any more",
            "`almoner status` tells about its sources; `almoner build` looks again",
        )
    _lift(connection, tenant, newest, connection.info.user)
    return newest


def _open(connection: db.Connection, tenant: str, since: int, kind: str, reason: str) -> bool:
    parameters = {"tenant": tenant, "release": since, "kind": kind, "reason": reason}
    return bool(connection.execute(db.script("hold"), parameters).rowcount)


def _lift(connection: db.Connection, tenant: str, release: int, by: str) -> None:
    connection.execute(db.script("lift_hold"), {"tenant": tenant, "release": release, "by": by})
