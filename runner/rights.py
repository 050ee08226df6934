"""Who may ask for a tenant's write-offs, and who may approve them; every change is kept."""

from __future__ import annotations

import re

from psycopg.rows import DictRow

from runner import db
from runner.errors import ConfigError, WriteOffError

PRINCIPAL = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")


def principal(connection: db.Connection, name: str | None) -> str:
    """Give who acts: the one that is named, else the login of the connection.

    Raises `ConfigError` for a name of which two people could be taken for one, or one for two.
    """
    who = name or str(db.one(connection, "select session_user::text as name")["name"])
    if not PRINCIPAL.fullmatch(who):
        raise ConfigError(
            f"{who!r} cannot be a principal",
            "use up to 63 lower-case letters, digits and . _ @ -, such as an address:"
            " `almoner writeoff rights` shows who has rights",
        )
    return who


def change(
    connection: db.Connection, tenant: str, name: str, actions: list[str], *, is_granted: bool
) -> None:
    """Give a principal rights on a tenant's write-offs, or take them."""
    who = principal(connection, name)
    with connection.transaction():
        for action in actions:
            connection.execute(
                "insert into almoner.write_off_rights (tenant_id, principal, may, is_granted)"
                " values (%s, %s, %s, %s)",
                (tenant, who, action, is_granted),
            )


def listing(connection: db.Connection, tenant: str | None) -> list[DictRow]:
    """List who may do what, of one tenant or of all."""
    found = connection.execute(db.script("write_off_rights"), {"tenant": tenant})
    return found.fetchall()


def require(connection: db.Connection, tenant: str, who: str, action: str) -> None:
    """Raise `WriteOffError` unless a principal may `request` or `approve` for a tenant."""
    found = db.rows(
        connection,
        "select is_granted from almoner.write_off_rights"
        " where tenant_id = %s and principal = %s and may = %s order by right_id desc limit 1",
        tenant,
        who,
        action,
    )
    if not found or not found[0]["is_granted"]:
        raise WriteOffError(
            f"{who} may not {action} write-offs of {tenant}",
            f"`almoner writeoff grant {tenant} {who}` gives the right, with --request or"
            " --approve; `almoner writeoff rights` shows who has it",
        )
