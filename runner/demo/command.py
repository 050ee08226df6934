"""`almoner demo`: the operational database beside Almoner's own, and its next day."""

from __future__ import annotations

from concurrent.futures import wait
from contextlib import AbstractContextManager
from datetime import date

import yaml
from psycopg import sql

from runner import db, landing_only, settings
from runner.errors import ConfigError

END = date(2026, 10, 31)
DATABASE = "hms_demo"
SOURCE, SYSTEM = "demo", "hms"


def create(
    tenants: int, days: int, visits_per_day: int, seed: int, dirty: float = 0.0
) -> dict[str, int]:
    """Make the demo's database anew, fill it, name it as a source and tell its targets.

    Meanwhile dbt parses the project, for the next build to find it parsed. Raises
    `PublicationError`, with the demo as it was, while another command builds.
    """
    from runner.dbt import Dbt
    from runner.demo import targets
    from runner.demo.generator import generate

    with landing_only.builder(db.dsn()) as connection:
        systems = {SYSTEM, *(source.system for source in settings.load().sources.values())}
        parsed = Dbt(db.dsn(), sorted(systems)).parse_beside()
        try:
            _make_anew(connection)
            with _connect() as operational:
                made = generate(operational, tenants, days, visits_per_day, END, seed, dirty=dirty)
                planned = targets.plan(operational, SOURCE, days, END)
            _name_source()
            targets.tell(connection, SOURCE, planned)
        finally:
            wait([parsed])  # what is wrong with the project is for the build to tell
    return made


def _make_anew(connection: db.Connection) -> None:
    name = sql.Identifier(DATABASE)
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
    connection.execute(sql.SQL("create database {}").format(name))
    connection.execute(sql.SQL("revoke connect on database {} from public").format(name))


def _name_source() -> None:
    path = settings.demo_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        yaml.safe_dump({"sources": {SOURCE: {"system": SYSTEM, "database": DATABASE}}})
    )


def live(seed: int) -> dict[str, int]:
    """Make the next day happen.

    Raises `ConfigError` if there is no demo yet.
    """
    from runner.demo.generator import live as next_day

    if not settings.demo_file().is_file():
        raise ConfigError("there is no demo database", "run `almoner demo create` first")
    with _connect() as operational:
        return next_day(operational, seed)


def _connect() -> AbstractContextManager[db.Connection]:
    return db.connect(db.with_database(db.dsn(), DATABASE), what="the demo's database")
