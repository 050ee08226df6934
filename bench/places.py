"""Where it is measured: a server of its own for the run, or the one that has the source."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import db, project, server

PARTS = ("models", "macros", "seeds", "snapshots", "tests")
MAINTENANCE = ("postgres", "almoner", "template1")


@dataclass(frozen=True)
class Place:
    """A server, by the URL of whoever makes databases and of whoever works in them.

    `state` is a directory for files; `project` in it is a copy that may be edited.
    """

    admin: str
    worker: str
    state: Path

    @property
    def project(self) -> Path:
        return self.state / "project"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which commands find the copy of the project."""
        return {
            **os.environ,
            "ALMONER_STATE": str(self.state),
            project.VARIABLE: str(self.project),
        }

    def url(self, database: str) -> str:
        """Give the worker's URL of a database."""
        return db.with_database(self.worker, database)

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database anew, as a copy of another, and give its URL."""
        self.drop(database)
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} owner {} template {} strategy file_copy").format(
                    sql.Identifier(database),
                    sql.Identifier(str(conninfo_to_dict(self.worker)["user"])),
                    sql.Identifier(template),
                )
            )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever uses it."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database))
            )


@contextmanager
def found(source: str | None) -> Iterator[Place]:
    """Use the server of an existing source, or start one; work on a copy of the project.

    A source is a URL, or a database of the embedded server.
    """
    with tempfile.TemporaryDirectory(prefix="almoner-bench-") as directory:
        state = Path(directory)
        state.chmod(0o755)
        with _served(source, state) as place:
            for part in PARTS:
                ignored = shutil.ignore_patterns("*.py", "__pycache__")
                shutil.copytree(project.root() / part, place.project / part, ignore=ignored)
            shutil.copy(project.root() / "dbt_project.yml", place.project)
            os.environ.update(place.environment)
            os.environ.pop("ALMONER_DSN", None)
            yield place


@contextmanager
def _served(source: str | None, state: Path) -> Iterator[Place]:
    """Run the server for as long as it is needed; one of its own goes away with its data."""
    if source and is_url(source):
        yield _open(Place(_maintenance(source), source, state))
        return
    if source is None:
        os.environ["ALMONER_STATE"] = str(state)
    running = server.embedded()
    was_started = running.start()
    try:
        yield _open(Place(running.dsn("postgres", server.SUPERUSER), running.dsn(), state))
    finally:
        if source is None:
            running.reset()
        elif was_started:
            running.stop()


def is_url(source: str) -> bool:
    """Tell a connection URL from the name of a database."""
    return "://" in source or "=" in source


def _maintenance(source: str) -> str:
    """Find a database of the source's server to make others from: not the source itself."""
    refused = ""
    for name in MAINTENANCE:
        try:
            psycopg.connect(db.with_database(source, name)).close()
        except psycopg.Error as error:
            refused = db.first_line(error)
        else:
            return db.with_database(source, name)
    raise ValueError(f"{db.place(source)}: {refused}")


def _open(place: Place) -> Place:
    """Let the worker see who writes, which the cursor rule needs, where that can be granted."""
    with psycopg.connect(place.admin, autocommit=True) as connection:
        if not is_superuser(connection):
            return place
        worker = sql.Identifier(str(conninfo_to_dict(place.worker)["user"]))
        connection.execute(sql.SQL("grant pg_read_all_stats to {}").format(worker))
    return place


def is_superuser(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Tell whether a connection may do everything."""
    return connection.info.parameter_status("is_superuser") == "on"
