"""Claims: for whom an API's statement reads, signed so that nobody else can say it.

A claim is `tenant|role|expiry|mac`: `role` carries its scope (`doctor:17`), `expiry` is in
seconds since 1970, `mac` is HMAC-SHA256 in hex over what stands before it. The API sets it as
`almoner.claim` in each transaction; `almoner.claimed()` checks it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from runner import access, db
from runner.errors import ConfigError
from runner.roles import DOCTOR, HEAD, Role

LONGEST = timedelta(days=1)
BLOCK = 64  # bytes of a block of SHA-256


def make(connection: db.Connection, tenant: str, role: Role, lifetime: timedelta) -> str:
    """Make a claim with the newest key, and a key if there is none.

    Raises `ConfigError` for an unknown tenant or key, a role without its scope or a lifetime of
    over a day.
    """
    access.require_tenant(connection, tenant)
    access.require_scope(connection, tenant, role)
    if not timedelta(0) < lifetime <= LONGEST:
        raise ConfigError(
            f"a claim cannot last {lifetime}",
            f"`almoner access claim --tenant {tenant} --ttl 5m`; a day is the longest",
        )
    newest = "select secret from almoner.claim_keys order by key_id desc limit 1"
    if not db.rows(connection, newest):
        rotate(connection)
    secret = db.one(connection, newest)["secret"]
    return sign(secret, tenant, role, datetime.now(UTC) + lifetime)


def sign(secret: bytes, tenant: str, role: Role, expires_at: datetime) -> str:
    """Write a claim and its signature."""
    body = f"{tenant}|{_scoped(role.check())}|{int(expires_at.timestamp())}"
    return f"{body}|{hmac.new(secret, body.encode(), hashlib.sha256).hexdigest()}"


def rotate(connection: db.Connection) -> None:
    """Make a new key; claims of the one before stay valid, older ones do not."""
    secret = secrets.token_bytes(BLOCK)
    with connection.transaction():
        connection.execute(
            "insert into almoner.claim_keys (secret, inner_pad, outer_pad) values (%s, %s, %s)",
            (secret, _padded(secret, 0x36), _padded(secret, 0x5C)),
        )
        connection.execute(
            "delete from almoner.claim_keys where key_id not in"
            " (select key_id from almoner.claim_keys order by key_id desc limit 2)"
        )


def _padded(secret: bytes, byte: int) -> bytes:
    """Give a key as HMAC mixes it in: PostgreSQL has no xor of bytes."""
    return bytes(each ^ byte for each in secret.ljust(BLOCK, b"\0"))


def _scoped(role: Role) -> str:
    scope = {HEAD: role.departments, DOCTOR: (role.practitioner,)}.get(role.name, ())
    return f"{role.name}:{','.join(map(str, scope))}" if scope else role.name
