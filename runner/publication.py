"""Publication: the catalog gate, the mart views and the pointers, in one transaction."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg import sql

from runner import compatibility, db, holds, releases, roles
from runner.errors import ConfigError, DatabaseError, PublicationError
from runner.gates import GATES, Gate

# how long to wait for readers of a mart whose view changes; those after them wait as well
PATIENCE = "10s"
BLOCKED = "a mart view is locked by a reader's long transaction"


def publish(
    dsn: str,
    connection: db.Connection,
    release: int,
    marts: set[str],
    verdict: holds.Verdict,
) -> int:
    """Move every tenant that is not held to a release; give the number of tenants.

    `marts` are all marts of the project; views of others are removed. Raises
    `PublicationError` when a lock is open or another release was published meanwhile.
    """
    xid = ""
    try:
        with connection.transaction():
            xid = db.one(connection, "select pg_current_xact_id()::text as xid")["xid"]
            _claim(connection, release)
            _limit_waiting(connection)
            write_marts(connection, release, marts)
            check_gate(connection)
            holds.judge(connection, release, verdict)
            tenants = connection.execute(db.script("move_pointers"), (release,)).rowcount
            connection.execute(
                "update almoner.releases set state = 'published', finished_at = now(),"
                " publish_xid = pg_current_xact_id() where release_id = %s",
                (release,),
            )
        return tenants
    except psycopg.OperationalError as error:
        if isinstance(error, psycopg.errors.LockNotAvailable):
            raise PublicationError(
                BLOCKED, "run `almoner build` again, or end the reader's session"
            ) from error
        if not connection.closed:
            raise
        return _decide(dsn, release, xid, error)


def _decide(dsn: str, release: int, xid: str, error: Exception) -> int:
    """Find out whether a publication whose connection was lost at commit took place.

    Gives the number of tenants. Raises `DatabaseError` if it did not, or if the server could
    not say for a minute.
    """
    for _ in range(120):
        try:
            with db.connect(dsn) as connection:
                if not _is_in_progress(connection, xid):
                    return _tenants_published(connection, release)
        except DatabaseError:
            pass
        except _NotPublishedError:
            raise DatabaseError(
                f"lost the connection while publishing release {release}; it was not published",
                "run `almoner build` again; the last published release is untouched",
            ) from error
        time.sleep(0.5)
    raise DatabaseError(
        f"lost the connection while publishing release {release}, and the server does not say"
        " whether it is published",
        "`almoner status` tells, once the server can be reached",
    ) from error


class _NotPublishedError(Exception):
    """The transaction that was to publish has ended without doing so."""


def _is_in_progress(connection: db.Connection, xid: str) -> bool:
    """Tell whether a transaction still holds its own number, to be asked before its effects."""
    return bool(db.rows(connection, db.script("transaction_in_progress"), xid or None))


def _tenants_published(connection: db.Connection, release: int) -> int:
    """Count the tenants of a published release.

    The release has the last word, not its transaction: a server that crashed may have given
    that number to another.
    """
    row = db.one(connection, db.script("published_to"), release, release)
    if not row["is_published"]:
        raise _NotPublishedError
    return int(row["tenants"])


def _limit_waiting(connection: db.Connection) -> None:
    """Give up rather than wait for a reader's open transaction for ever."""
    connection.execute("select set_config('lock_timeout', %s, true)", (PATIENCE,))


def _claim(connection: db.Connection, release: int) -> None:
    row = connection.execute(db.script("claim_release"), (release,)).fetchone()
    if row is None:
        raise PublicationError(
            f"release {release} is no longer being built, or another was published meanwhile",
            "run `almoner build` again",
        )


def write_marts(connection: db.Connection, release: int, marts: set[str]) -> None:
    """Write the mart views as a release defines them, where they differ from what stands."""
    for name in removed_marts(connection, marts):
        _drop_mart(connection, name)
        connection.execute(db.script("remove_mart"), {"mart": name, "release": release})
    changed = {
        row["mart"]: row["definition"]
        for row in db.rows(connection, db.script("changed_marts"), release)
        if row["mart"] in marts
    }
    connection.execute(db.script("group_gate"))
    for name in _inputs_first(changed):
        _write_mart(connection, name, changed[name])
    connection.execute(db.script("patient_names"))


def removed_marts(connection: db.Connection, marts: set[str]) -> list[str]:
    """List the published marts that the project no longer has."""
    published = db.rows(connection, db.script("views_of_marts"))
    return [row["name"] for row in published if row["name"] not in marts]


def _inputs_first(definitions: dict[str, dict[str, Any]]) -> list[str]:
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in definitions:
            return
        for read in definitions[name]["reads"]:
            visit(read)
        done.append(name)

    for name in sorted(definitions):
        visit(name)
    return done


def _drop_mart(connection: db.Connection, name: str) -> None:
    for gate in GATES:
        for schema in (gate.marts, gate.inner):
            connection.execute(
                sql.SQL("drop view if exists {} cascade").format(sql.Identifier(schema, name))
            )


def _write_mart(connection: db.Connection, name: str, definition: dict[str, Any]) -> None:
    """Write a mart for the readers of one tenant and for those of several."""
    for gate in GATES:
        try:
            _write_through(connection, gate, name, definition)
        except psycopg.errors.InvalidTableDefinition as error:
            raise compatibility.refusal("mart", name, db.first_line(error)) from error
    connection.execute(db.script("published_mart"), {"mart": name, "digest": definition["digest"]})


def _write_through(
    connection: db.Connection, gate: Gate, name: str, definition: dict[str, Any]
) -> None:
    """Write a mart as a gate sees it, which others read, and as its roles do."""
    inner, view = sql.Identifier(gate.inner, name), sql.Identifier(gate.marts, name)
    readers = gate.readers(definition["roles"])
    rows = sql.SQL("select * from {} as mart where {}").format(
        inner, roles.condition(definition, readers)
    )
    _write_view(connection, gate, inner, gate.written_over(definition["sql"], definition["reads"]))
    _write_view(connection, gate, view, rows)
    _grant(connection, view, readers)
    _comment(connection, view, definition)


def _write_view(
    connection: db.Connection, gate: Gate, view: sql.Identifier, query: sql.Composable
) -> None:
    connection.execute(
        sql.SQL("create or replace view {} with (security_barrier = true) as {}").format(
            view, query
        )
    )
    connection.execute(
        sql.SQL("alter view {} owner to {}").format(view, sql.Identifier(gate.owner))
    )


def _grant(connection: db.Connection, view: sql.Identifier, readers: list[str]) -> None:
    """Let these roles read a view, and nobody else."""
    for row in db.rows(connection, db.script("grantees"), view.as_string()):
        connection.execute(
            sql.SQL("revoke all on {} from {}").format(view, sql.SQL(row["grantee"]))
        )
    connection.execute(
        sql.SQL("grant select on {} to {}").format(
            view,
            sql.SQL(", ").join(sql.Identifier(roles.group_role(name)) for name in readers),
        )
    )


def _comment(connection: db.Connection, view: sql.Identifier, definition: dict[str, Any]) -> None:
    connection.execute(
        sql.SQL("comment on view {} is {}").format(
            view, sql.Literal(definition["description"].strip())
        )
    )
    for column in definition["columns"]:
        connection.execute(
            sql.SQL("comment on column {}.{} is {}").format(
                view, sql.Identifier(column["name"]), sql.Literal(column["description"].strip())
            )
        )


def check_gate(connection: db.Connection) -> None:
    """Refuse to go on if any lock that keeps tenants apart is open."""
    faults = db.rows(connection, db.script("gate"))
    if faults:
        told = "; ".join(f"{row['object']}: {row['fault']}" for row in faults[:5])
        more = f" (and {len(faults) - 5} more)" if faults[5:] else ""
        raise PublicationError(
            f"isolation is not intact: {told}{more}",
            "mend the named objects; `almoner access check` lists every fault",
        )


def rollback(connection: db.Connection, to: int) -> int:
    """Move the tenants to a published release, and the mart views with them.

    After a rollback a newer one goes forward again. Gives the number of tenants that read it;
    those that were held at it read what they read then. Raises `ConfigError` if that release was
    never published or is pruned, `PublicationError` if a reader is in the way.
    """
    try:
        with connection.transaction():
            _limit_waiting(connection)
            return _roll_back(connection, to)
    except psycopg.errors.LockNotAvailable as error:
        raise PublicationError(
            BLOCKED,
            f"run `almoner releases rollback --to {to}` again, or end the reader's session",
        ) from error


def _roll_back(connection: db.Connection, to: int) -> int:
    row = connection.execute(
        "select release_id, pruned_at from almoner.releases"
        " where release_id = %s and state = 'published' for share",
        (to,),
    ).fetchone()
    if row is None:
        raise ConfigError(
            f"release {to} was never published",
            "`almoner releases list` shows the published ones",
        )
    releases.require_kept(row)
    for view in db.rows(connection, db.script("views_of_marts")):
        _drop_mart(connection, view["name"])
    connection.execute("delete from almoner.published_marts")
    known = {row["mart"] for row in db.rows(connection, db.script("changed_marts"), to)}
    write_marts(connection, to, known)
    check_gate(connection)
    connection.execute(db.script("move_pointers_to"), {"release": to})
    row = db.one(
        connection, "select count(*) as tenants from almoner.pointers where release_id = %s", to
    )
    return int(row["tenants"])
