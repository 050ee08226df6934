"""Readers: BI logins, each bound to one tenant by its role."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow

from runner import db
from runner.errors import ConfigError, DatabaseError

LOGIN = re.compile(r"^[a-z][a-z0-9_]{2,40}$")


@dataclass(frozen=True)
class Grant:
    """A new BI login. The password is told once and kept nowhere."""

    login: str
    tenant: str
    password: str
    dsn: str


def grant(connection: db.Connection, url: str, tenant: str, login: str | None) -> Grant:
    """Make a login that sees one tenant's marts and nothing else.

    Without a name it gets an opaque one, since every role of a server is visible to all.
    Raises `ConfigError` for an unknown tenant or a name that is taken.
    """
    require_tenant(connection, tenant)
    name = login or f"bi_{secrets.token_hex(5)}"
    if not LOGIN.match(name) or name.startswith(("pg_", "almoner")):
        raise ConfigError(
            f"{name!r} cannot be a login",
            "use 3 to 41 lower-case letters, digits and _, not starting with pg_ or almoner, or"
            f" leave it out: `almoner access grant --tenant {tenant}`",
        )
    password = secrets.token_urlsafe(18)
    role = sql.Identifier(name)
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL(
                    "create role {} login nosuperuser nocreatedb nocreaterole nobypassrls"
                    " password {} in role almoner_reader"
                ).format(role, sql.Literal(password))
            )
            for setting in ("search_path = marts", "jit = off"):
                connection.execute(
                    sql.SQL("alter role {} in database {} set {}").format(
                        role, sql.Identifier(connection.info.dbname), sql.SQL(setting)
                    )
                )
            connection.execute(
                "insert into almoner.readers (role_name, tenant_id) values (%s, %s)",
                (name, tenant),
            )
    except psycopg.errors.DuplicateObject as error:
        raise ConfigError(
            f"the login {name} exists already",
            f"choose another --login, or run `almoner access revoke {name}` first",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"{connection.info.user} may not create roles: {str(error).splitlines()[0]}",
            f"as a superuser: `alter role {connection.info.user} createrole`",
        ) from error
    known = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    return Grant(
        name, tenant, password, make_conninfo(**{**known, "user": name, "password": password})
    )


def revoke(connection: db.Connection, login: str) -> None:
    """Remove a login that `grant` made, and end its sessions.

    Raises `ConfigError` if there is no such login.
    """
    with connection.transaction():
        found = connection.execute(
            "delete from almoner.readers where role_name = %s returning role_name", (login,)
        ).fetchone()
        if found is None:
            raise ConfigError(f"there is no login {login}", "`almoner access list` shows them")
        role = sql.Identifier(login)
        connection.execute(sql.SQL("alter role {} nologin").format(role))
        connection.execute(db.script("end_sessions"), (login,))
        connection.execute(sql.SQL("revoke almoner_reader from {}").format(role))
        connection.execute(sql.SQL("drop role {}").format(role))


def listing(connection: db.Connection) -> list[DictRow]:
    """List the logins with their tenants."""
    return db.rows(
        connection,
        "select role_name as login, tenant_id as tenant, granted_at"
        " from almoner.readers order by role_name",
    )


def require_tenant(connection: db.Connection, tenant: str) -> None:
    """Raise `ConfigError` unless a published release has the tenant."""
    known = [
        row["tenant_id"]
        for row in db.rows(connection, "select tenant_id from almoner.pointers order by tenant_id")
    ]
    if tenant not in known:
        some = ", ".join(known[:8]) + (" …" if known[8:] else "")
        raise ConfigError(
            f"there is no tenant {tenant}",
            f"`almoner status` lists them: {some}" if known else "run `almoner build` first",
        )
