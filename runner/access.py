"""Readers: BI logins, each bound by its role to one tenant, or to those of a group."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow

from runner import db, gates, roles
from runner.errors import ConfigError, DatabaseError

LOGIN = re.compile(r"[a-z][a-z0-9_]{2,40}")
# one login must not take every connection of the server
CONNECTIONS = 30
# what a view behind the locks gives has no statistics: taken for less than it is, the join of
# two views would go through one of them for each row of the other, which a merge by the tenant
# alone does as well
JOINS = ("enable_nestloop = off", "enable_mergejoin = off")
# an open transaction holds locks that a changed mart waits for; jit makes small queries slow
DEFAULTS = ("jit = off", "idle_in_transaction_session_timeout = '15min'", *JOINS)


@dataclass(frozen=True)
class Grant:
    """A new BI login. The password is told once and kept nowhere."""

    login: str
    tenant: str | None
    role: str
    password: str
    dsn: str


def begin(connection: psycopg.Connection[Any]) -> None:
    """Let a session plan as those of readers do, which begin with these settings."""
    for setting in DEFAULTS:
        connection.execute(f"set {setting}".encode())


def grant(
    connection: db.Connection,
    url: str,
    tenant: str | None,
    login: str | None,
    role: roles.Role = roles.ADMINISTRATOR,
) -> Grant:
    """Make a login that sees what its role may of one tenant's marts and nothing else.

    One of an API (`roles.API`) has no tenant: what it sees is for each claim to say; a group
    reader's role names its tenants.
    Without a name it gets an opaque one, since every role of a server is visible to all.
    Raises `ConfigError` for an unknown tenant or key, a role without its scope or a name that is
    taken.
    """
    role.check()
    for named in (*([] if tenant is None else [tenant]), *role.tenants):
        require_tenant(connection, named)
    if tenant is not None:
        require_scope(connection, tenant, role)
    name = login or f"bi_{secrets.token_hex(5)}"
    if not LOGIN.fullmatch(name) or name.startswith(("pg_", "almoner")):
        raise ConfigError(
            f"{name!r} cannot be a login",
            "use 3 to 41 lower-case letters, digits and _, not starting with pg_ or almoner, or"
            " leave it out: `almoner access grant --help`",
        )
    password = secrets.token_urlsafe(18)
    try:
        with connection.transaction():
            _create(connection, name, password, role)
            connection.execute(
                "insert into almoner.readers"
                " (role_name, tenant_id, role, departments, practitioner_id, may_read_names,"
                " reads_all_tenants) values (%s, %s, %s, %s, %s, %s, %s)",
                (
                    name,
                    tenant,
                    role.name,
                    list(role.departments) or None,
                    role.practitioner,
                    role.patient_names,
                    role.all_tenants,
                ),
            )
            _list_tenants(connection, name, role.tenants)
    except psycopg.errors.DuplicateObject as error:
        raise ConfigError(
            f"the login {name} exists already",
            f"choose another --login, or run `almoner access revoke {name}` first",
        ) from error
    except psycopg.errors.ReservedName as error:
        raise ConfigError(
            f"{name} means something else to PostgreSQL",
            "choose another --login, or leave it out: `almoner access grant --help`",
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"{connection.info.user} may not create roles: {db.first_line(error)}",
            f"as a superuser: `alter role {connection.info.user} createrole`",
        ) from error
    known = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    return Grant(
        name,
        tenant,
        role.name,
        password,
        make_conninfo(**{**known, "user": name, "password": password}),
    )


def _list_tenants(connection: db.Connection, login: str, tenants: tuple[str, ...]) -> None:
    connection.execute(
        "insert into almoner.reader_tenants (role_name, tenant_id)"
        " select %s, unnest(%s::text[]) on conflict do nothing",
        (login, list(tenants)),
    )


def change(connection: db.Connection, login: str, role: roles.Role) -> None:
    """Let a group reader read other tenants, from its next statement on.

    Raises `ConfigError` for an unknown tenant or if the login is not a group reader's.
    """
    for tenant in role.check().tenants:
        require_tenant(connection, tenant)
    with connection.transaction():
        found = connection.execute(
            "update almoner.readers set reads_all_tenants = %s where role_name = %s and role = %s",
            (role.all_tenants, login, role.name),
        )
        if not found.rowcount:
            raise ConfigError(
                f"{login} is not the login of a group reader", "`almoner access list` shows them"
            )
        connection.execute("delete from almoner.reader_tenants where role_name = %s", (login,))
        _list_tenants(connection, login, role.tenants)


def _create(connection: db.Connection, name: str, password: str, role: roles.Role) -> None:
    login = sql.Identifier(name)
    connection.execute(
        sql.SQL(
            "create role {} login nosuperuser nocreatedb nocreaterole nobypassrls"
            " connection limit {} password {} in role {}"
        ).format(
            login,
            sql.Literal(CONNECTIONS),
            sql.Literal(_hashed(connection, name, password)),
            sql.SQL(", ").join(map(sql.Identifier, role.groups)),
        )
    )
    for setting in (f"search_path = {gates.of(role.name).marts}", *DEFAULTS):
        connection.execute(
            sql.SQL("alter role {} in database {} set {}").format(
                login, sql.Identifier(connection.info.dbname), sql.SQL(setting)
            )
        )


def _hashed(connection: db.Connection, login: str, password: str) -> str:
    """Hash a password as the server would: statements can end up in a server's log."""
    return connection.pgconn.encrypt_password(password.encode(), login.encode()).decode()


def revoke(connection: db.Connection, login: str) -> None:
    """Remove a login that `grant` made, and end its sessions.

    First it can do nothing any more, whatever stands in the way of removing the role. Raises
    `ConfigError` if there is no such login, `DatabaseError` if only the role is left.
    """
    role = sql.Identifier(login)
    with connection.transaction():
        found = connection.execute(
            "delete from almoner.readers where role_name = %s returning role_name", (login,)
        ).fetchone()
        if found is None:
            raise ConfigError(f"there is no login {login}", "`almoner access list` shows them")
        connection.execute(sql.SQL("alter role {} nologin").format(role))
        for row in db.rows(connection, db.script("groups_of_login"), login):
            connection.execute(
                sql.SQL("revoke {} from {}").format(sql.Identifier(row["name"]), role)
            )
        # from PostgreSQL 16 on, who made a role has its rights only as a member
        connection.execute(sql.SQL("grant {} to current_user").format(role))
    connection.execute(db.script("end_sessions"), (login,))
    try:
        with connection.transaction():
            # a login may have changed its own default privileges, which keep the role
            for statement in (
                "reassign owned by {} to current_user", "drop owned by {}", "drop role {}",
            ):  # fmt: skip
                connection.execute(sql.SQL(statement).format(role))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise DatabaseError(
            f"{login} can no longer log in, but its role is left: {db.first_line(error)}",
            f"in each other database: `drop owned by {login}`; then `drop role {login}`",
        ) from error


def listing(connection: db.Connection) -> list[DictRow]:
    """List the logins with their tenants."""
    return db.rows(
        connection,
        "select role_name as login, coalesce(tenant_id, case when reads_all_tenants then 'all'"
        " else (select string_agg(ten.tenant_id, ', ' order by ten.tenant_id)"
        " from almoner.reader_tenants as ten where ten.role_name = rea.role_name) end)"
        " as tenant, role, departments,"
        " practitioner_id as practitioner, may_read_names as patient_names, granted_at"
        " from almoner.readers as rea order by role_name",
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


def require_scope(connection: db.Connection, tenant: str, role: roles.Role) -> None:
    """Raise `ConfigError` unless the tenant has the departments or practitioner of a role."""
    asked = {
        "department": set(role.departments),
        "practitioner": set() if role.practitioner is None else {role.practitioner},
    }
    for kind, keys in asked.items():
        if keys and (unknown := keys - _keys(connection, tenant, kind)):
            raise ConfigError(
                f"{tenant} has no {kind} {', '.join(map(str, sorted(unknown)))}",
                f"`almoner db psql`: select * from core.dim_{kind}s where tenant_id = '{tenant}'",
            )


def _keys(connection: db.Connection, tenant: str, kind: str) -> set[int]:
    query = sql.SQL("select {} as key from {} where tenant_id = %s").format(
        sql.Identifier(f"{kind}_id"), sql.Identifier("core", f"dim_{kind}s")
    )
    return {row["key"] for row in db.rows(connection, query.as_string(), tenant)}
