"""The ground that the proofs stand on: a server, and a published demo that is copied for each.

The operational database is one day ahead of what is published, so that every copy has
something to build, and what it must show afterwards is known from a build left in peace.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.reliability.measured import Tally
from bench.reliability.runners import Runners
from runner import access, db, marts, releases, server
from runner.demo import generator
from runner.errors import DatabaseError

END = date(2026, 10, 31)
DAYS = (date(2026, 10, 15), END, date(2026, 11, 15))
TENANT = "demo_1"
Figures = dict[str, str]


@dataclass(frozen=True)
class Ground:
    """A running server, the source, the published database and its copy that is built upon.

    `before` and `after` are the marts' digests for TENANT without and with the source's last
    day, `all_before` and `all_after` those of all tenants.
    """

    running: server.Server
    source: str
    published: str
    target: str
    login: str
    before: Figures
    after: Figures
    all_before: Figures
    all_after: Figures
    build_seconds: float
    runners: Runners

    def renew(self, space: str = "pg_default") -> None:
        """Make the target again, in a tablespace: a copy of what is published."""
        copy(self.running, name_of(self.target), name_of(self.published), space)

    def revive(self) -> None:
        """Start the server again after it was killed, once its orphans have ended."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.running.start()
                with psycopg.connect(superuser(self.running)):
                    return
            except (DatabaseError, psycopg.Error):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.25)

    def kill_server(self) -> None:
        """Kill the server's first process."""
        first = (self.running.data / "postmaster.pid").read_text().splitlines()[0]
        os.kill(int(first), signal.SIGKILL)


@contextmanager
def made(
    *, tenants: int = 2, days: int = 12, visits_per_day: int = 8, seed: int = 7
) -> Iterator[Ground]:
    """Start a server in a directory of its own and publish a demo on it."""
    with server_of_its_own() as running:
        source, published = (create(running, f"proof_{name}") for name in ("source", "published"))
        with db.connect(source) as connection:
            generator.generate(connection, tenants, days, visits_per_day, END, seed)
        first = Runners(source, published, Path(os.environ["ALMONER_STATE"]))
        answer = first.build()
        first.close()
        if answer.get("release") is None:
            raise DatabaseError(f"the demo was not built: {answer}", "`almoner build`")
        with prepared(running, source, published) as ground:
            yield ground


@contextmanager
def prepared(running: server.Server, source: str, published: str) -> Iterator[Ground]:
    """Let a day pass in the source and learn what a build makes of it."""
    with db.connect(published) as connection:
        releases.prepare(connection)
        login = access.grant(connection, published, TENANT, None)
    target = create(running, "proof_target", name_of(published))
    with db.connect(source) as connection:
        generator.live(connection, 7)
    everyone = sorted(tenants_of(published))
    before, all_before = figures(published, [TENANT]), figures(published, everyone)
    runners = Runners(source, target, Path(os.environ["ALMONER_STATE"]))
    try:
        runners.build()
        after, all_after = figures(target, [TENANT]), figures(target, everyone)
        copy(running, name_of(target), name_of(published))
        took = runners.start().wait()["seconds"]
        known = {**conninfo_to_dict(login.dsn), "dbname": name_of(target)}
        yield Ground(
            running, source, published, target, make_conninfo(**known),
            before, after, all_before, all_after, took, runners,
        )  # fmt: skip
    finally:
        runners.close()
        with psycopg.connect(superuser(running), autocommit=True) as connection:
            drop(connection, name_of(target))


@contextmanager
def server_of_its_own() -> Iterator[server.Server]:
    """Start an embedded server in a directory of its own, as users have it."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="almoner-proof-") as directory:
        Path(directory).chmod(0o755)
        os.environ["ALMONER_STATE"] = directory
        for name in ("ALMONER_DSN", "ALMONER_PROJECT_DIR"):
            os.environ.pop(name, None)
        running = server.embedded()
        running.start()
        try:
            with psycopg.connect(superuser(running), autocommit=True) as connection:
                # a source may use them
                connection.execute("alter system set max_prepared_transactions = 40")
            running.stop()
            running.start()
            yield running
        finally:
            running.reset()
            os.environ.clear()
            os.environ.update(before)


def create(running: server.Server, name: str, template: str = "template1") -> str:
    """Make a database anew and give its URL."""
    copy(running, name, template)
    return running.dsn(name)


def copy(running: server.Server, name: str, template: str, space: str = "pg_default") -> None:
    """Make a database anew as a copy of another, on disk before it is used.

    PostgreSQL 18.6 fails once to recover from a crash soon after a copy that is in its log, if
    the template has unlogged tables: "could not create file: File exists".
    """
    with psycopg.connect(superuser(running), autocommit=True) as connection:
        drop(connection, name)
        statement = sql.SQL(
            "create database {} owner {} template {} tablespace {} strategy file_copy"
        ).format(*map(sql.Identifier, (name, server.OWNER, template, space)))
        for patience in (0.2, 0.5, 1, 2, 0):
            try:
                connection.execute(statement)
            except psycopg.errors.ObjectInUse:
                # autovacuum, or a session that is about to go
                if not patience:
                    raise
                time.sleep(patience)
            else:
                return


def drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database, whoever uses it."""
    connection.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    )


def superuser(running: server.Server, database: str = "postgres") -> str:
    """Give the superuser's URL of a database."""
    return running.dsn(database, server.SUPERUSER)


def name_of(url: str) -> str:
    """Give the database that a URL names."""
    return str(conninfo_to_dict(url)["dbname"])


def tenants_of(url: str) -> list[str]:
    """List the tenants that have something to read."""
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select tenant_id from almoner.pointers")]


def figures(url: str, tenants: list[str]) -> Figures:
    """Digest every mart as the tenants read it."""
    with reader(url) as connection:
        return read(connection, queries(url), tenants)


def reader(url: str) -> psycopg.Connection[tuple[str]]:
    """Open a session that plans as a reader's does, and each query once."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    access.begin(connection)
    return connection


def read(
    connection: psycopg.Connection[tuple[str]], asked: dict[str, sql.Composed], tenants: list[str]
) -> Figures:
    """Run the digest queries of every mart for each of the tenants."""
    found: Figures = {}
    for tenant in tenants:
        connection.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
        for name, digest in digests(connection, asked).items():
            found[name if len(tenants) == 1 else f"{tenant} {name}"] = digest
    return found


def queries(url: str) -> dict[str, sql.Composed]:
    """Give for each mart the query that digests its rows."""
    with db.connect(url) as connection:
        return {mart.name: _digest(mart) for mart in marts.listing(connection)}


def digests(connection: psycopg.Connection[tuple[str]], asked: dict[str, sql.Composed]) -> Figures:
    """Run the digest queries in one snapshot."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        return {name: str(connection.execute(query).fetchone()) for name, query in asked.items()}


def on_few_days(relation: sql.Identifier) -> sql.Composed:
    """Give the condition that reads a few of all days of what holds for each."""
    return sql.SQL("{}.as_of_date = any({})").format(relation, sql.Literal(list(DAYS)))


def _digest(mart: marts.Mart) -> sql.Composed:
    is_as_of = mart.date_column == "as_of_date"
    within = on_few_days(sql.Identifier("mar")) if is_as_of else sql.SQL("true")
    return sql.SQL(
        "select count(*) || ' ' || md5(string_agg(mar::text, ' ' order by mar::text))"
        " from {} as mar where {}"
    ).format(sql.Identifier("marts", mart.name), within)


def judge(ground: Ground, tally: Tally, told: str) -> None:
    """Expect the target to show what a build left in peace makes, and to hold nothing else."""
    shown = figures(ground.target, sorted(tenants_of(ground.target)))
    tally.expect(shown == ground.all_after, f"{told}: the marts differ from a build's in peace")
    left = leftovers(ground.target)
    tally.expect(not left, f"{told}: rows of an unpublished release in {left}")


def leftovers(url: str) -> list[str]:
    """List the released tables that have rows of a release that was not published."""
    with db.connect(url) as connection:
        tables = db.rows(
            connection,
            "select relname as name from pg_class where relnamespace = 'store'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition",
        )
        return [row["name"] for row in tables if _has_leftovers(connection, row["name"])]


def _has_leftovers(connection: db.Connection, table: str) -> bool:
    query = sql.SQL(
        "with published as (select release_id from almoner.releases where state = 'published')"
        " select exists (select from {} where"
        " released_in not in (select release_id from published)"
        " or (retired_in <> 2147483647 and retired_in not in (select release_id from published)))"
        " as yes"
    ).format(sql.Identifier("store", table))
    return bool(db.one(connection, query.as_string())["yes"])
