"""Releases: open, revert, list, roll back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import errors, sql
from psycopg.rows import DictRow

from runner import access, db, raw, roles
from runner.errors import ConfigError, DatabaseError, PublicationError

BUILDER_LOCK, PREPARE_LOCK = 4_017_001, 4_017_002
DBT_SESSIONS = "almoner_dbt"  # the name that dbt's sessions go by


def prepare(connection: db.Connection) -> None:
    """Make Almoner's own schemas, tables, functions and roles, and the raw tables.

    Raises `DatabaseError` if the role may not.
    """
    try:
        with connection.transaction():
            # two commands that make the same thing at once would fail
            connection.execute("select pg_advisory_xact_lock(%s)", (PREPARE_LOCK,))
            for part in ("schemas", "tables"):
                connection.execute(db.script(f"control/{part}"))
            _define(connection)
            raw.prepare(connection)
    except errors.InsufficientPrivilege as error:
        user, database = connection.info.user, connection.info.dbname
        raise DatabaseError(
            f"{user} may not set up the database {database}: {db.first_line(error)}",
            f"as a superuser, with `almoner db psql` or psql: alter role {user} createrole;"
            f" alter database {database} owner to {user}; and, where the roles exist, grant"
            f" {', '.join(roles.POSTGRESQL)} to {user} with admin option",
        ) from error


def _define(connection: db.Connection) -> None:
    """Define the functions and rights, unless they stand: every reader would plan anew."""
    parts = ("engine", "readers", "marts", "grants")
    text = "\n".join(db.script(f"control/{part}") for part in parts)
    mark = db.one(connection, db.script("control/mark"), text)
    if mark["stands"] != mark["wanted"]:
        connection.execute(text)
        connection.execute(
            sql.SQL("comment on schema almoner is {}").format(sql.Literal(mark["wanted"]))
        )


@contextmanager
def builder(connection: db.Connection, *, take_over: bool = False) -> Iterator[None]:
    """Be the one builder of this database; `take_over` ends the sessions of another first.

    A builder whose sessions are ended writes nothing more, even if it was only stopped and
    goes on: what it opens anew meets the fence. Raises `PublicationError` while another
    command builds.
    """
    if take_over:
        names = {"dbt": DBT_SESSIONS, "lock": BUILDER_LOCK}
        connection.execute(db.script("end_builder"), names)
    taken = db.one(connection, "select pg_try_advisory_lock(%s) as yes", BUILDER_LOCK)["yes"]
    if not taken:
        raise PublicationError(
            "another build is running on this database",
            "wait for it; `almoner status` shows its release; if it hangs,"
            " `almoner build --take-over` ends it",
        )
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", (BUILDER_LOCK,))


def open_release(connection: db.Connection) -> int:
    """Undo what a killed build left and open the next release."""
    revert_interrupted(connection)
    return int(db.one(connection, db.script("open_release"))["release_id"])


def revert_interrupted(connection: db.Connection) -> None:
    """Undo what a killed build left. The caller is the builder."""
    for row in db.rows(
        connection, "select release_id from almoner.releases where state = 'building'"
    ):
        revert(connection, row["release_id"], "the build was interrupted")


def is_interrupted(connection: db.Connection) -> bool:
    """Tell whether a killed build left something to undo."""
    query = "select exists (select from almoner.releases where state = 'building') as yes"
    return bool(db.one(connection, query)["yes"])


def revert(connection: db.Connection, release: int, reason: str) -> None:
    """Undo an unpublished release: its rows go, the rows it retired are current again.

    What it landed in raw stays, and counts as changed for the next build. One that is no
    longer being built is left alone.
    """
    with connection.transaction():
        # waits for the transactions that the fence let in
        undone = connection.execute(
            "update almoner.releases set state = 'reverted', finished_at = now(), reason = %s"
            " where release_id = %s and state = 'building'",
            (reason, release),
        )
        if not undone.rowcount:
            return
        for row in db.rows(connection, db.script("released_tables"), release):
            names = {
                "store": sql.Identifier("store", row["name"]),
                "feed": sql.Identifier("feed", row["name"]),
                "release": sql.Literal(release),
            }
            connection.execute(sql.SQL(db.script("revert_table")).format(**names))
        connection.execute(db.script("revert_control"), {"release": release})


def discard(connection: db.Connection, release: int) -> None:
    """Take back a release that found nothing new; its number is not used again."""
    connection.execute("delete from almoner.releases where release_id = %s", (release,))


def last_published(connection: db.Connection) -> int | None:
    """Give the newest published release."""
    row = db.one(
        connection,
        "select max(release_id) as release_id from almoner.releases where state = 'published'",
    )
    return None if row["release_id"] is None else int(row["release_id"])


def require_built(connection: db.Connection) -> None:
    """Raise `ConfigError` unless something is published, and nothing has landed since."""
    published = last_published(connection)
    if published is None:
        raise ConfigError("nothing is published yet", "run `almoner build`")
    newer = db.one(
        connection,
        "select exists (select from almoner.feed_log where release_id > %s) as landed",
        published,
    )
    if newer["landed"]:
        raise ConfigError(
            f"rows have landed that release {published} does not have",
            "`almoner build` makes a release with them, and audits what they change",
        )


def last_read(connection: db.Connection) -> int | None:
    """Give the newest release that a tenant reads: an older one after a rollback."""
    row = db.one(connection, "select max(release_id) as release_id from almoner.pointers")
    return None if row["release_id"] is None else int(row["release_id"])


def read_as(connection: db.Connection, tenant: str, as_known_at: int | None) -> int | None:
    """Read a tenant's marts from here on, in this transaction; give the release it is shown.

    Raises `ConfigError` if the release that was asked for was pruned, or is too old.
    """
    asked = "" if as_known_at is None else str(as_known_at)
    connection.execute(
        "select set_config('almoner.tenant', %s, true),"
        " set_config('almoner.as_known_at', %s, true)",
        (tenant, asked),
    )
    # as readers' sessions begin
    connection.execute("; ".join(f"set local {setting}" for setting in access.JOINS))
    try:
        row = db.one(connection, "select almoner.reader_release() as release_id")
    except errors.InvalidParameterValue as error:
        raise ConfigError(
            db.first_line(error), "`almoner releases list` shows those that are kept"
        ) from error
    return None if row["release_id"] is None else int(row["release_id"])


def listing(connection: db.Connection) -> list[DictRow]:
    """List every release with its state, times, rows landed and tenants that read it."""
    return db.rows(connection, db.script("releases"))


def landings(connection: db.Connection, release: int) -> list[DictRow]:
    """List what a release landed, table by table."""
    return db.rows(
        connection,
        "select source_id, table_name, rows_landed, rows_deleted, rows_quarantined"
        " from almoner.landings where release_id = %s order by source_id, table_name",
        release,
    )


def find(connection: db.Connection, release: int) -> DictRow:
    """Give one release.

    Raises `ConfigError` if there is none of that number.
    """
    for row in listing(connection):
        if row["release_id"] == release:
            return row
    raise ConfigError(f"there is no release {release}", "`almoner releases list` shows them")


def require_kept(found: DictRow) -> None:
    """Raise `ConfigError` if a release was pruned."""
    if found["pruned_at"]:
        raise ConfigError(
            f"release {found['release_id']} was pruned at {found['pruned_at']:%Y-%m-%d %H:%M}",
            "`almoner releases list` shows those that are kept",
        )


@dataclass(frozen=True)
class Amiss:
    """A tenant with rows set aside, or held back from the newest release for a reason."""

    tenant: str
    reads_release: int | None
    rows_set_aside: int
    held_because: str | None


def amiss(connection: db.Connection) -> list[Amiss]:
    """List the tenants that have rows set aside or do not read the newest release."""
    if not db.one(connection, "select to_regclass('core.fct_quarantined_rows') as is_there")[
        "is_there"
    ]:
        return []
    return [Amiss(**row) for row in db.rows(connection, db.script("tenants_amiss"))]


def before_current(connection: db.Connection) -> int:
    """Give the published release before the one that tenants read.

    Raises `ConfigError` if there is none.
    """
    row = db.one(connection, db.script("release_before_current"))
    if row["release_id"] is None:
        raise ConfigError(
            "there is no earlier published release", "`almoner releases list` shows them"
        )
    return int(row["release_id"])
