"""Commands on the embedded PostgreSQL server."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from runner import db, server, settings
from runner.cli.group import main
from runner.errors import ConfigError


@main.group("db")
def db_group() -> None:
    """The embedded PostgreSQL server."""


@db_group.command("start")
def db_start() -> None:
    """Start the server; the first time, make it."""
    embedded = _embedded()
    started = embedded.start()
    click.echo(f"{'started' if started else 'runs already'}: {db.place(embedded.dsn())}")


@db_group.command("stop")
def db_stop() -> None:
    """Stop the server."""
    click.echo("stopped" if _embedded().stop() else "it did not run")


@db_group.command("status")
def db_status() -> None:
    """Tell whether the server runs; exit code 3 if not."""
    embedded = _embedded()
    if not embedded.is_running():
        click.echo("not running; `almoner db start` starts it")
        sys.exit(3)
    click.echo(f"runs at {db.place(embedded.dsn())}, data in {embedded.data}")


@db_group.command("psql", context_settings={"ignore_unknown_options": True})
@click.option("--database", help="Another database of the same server.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def db_psql(database: str | None, arguments: tuple[str, ...]) -> None:
    """Open psql on Almoner's database; arguments after -- go to psql."""
    url = db.dsn()
    if database:
        url = db.with_database(url, database)
    program = str(server.embedded().binaries / "psql")
    environment, place = db.without_password(url)
    sys.exit(
        subprocess.run(
            [program, place, *arguments], env={**os.environ, **environment}, check=False
        ).returncode
    )


@db_group.command("create")
@click.argument("database")
def db_create(database: str) -> None:
    """Make an empty database, to restore a source's dump into."""
    db.create_database(database)
    click.echo(f"created {database}; name it in almoner.yml as `database: {database}`")


@db_group.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def db_reset(yes: bool) -> None:
    """Erase the embedded server with all its databases."""
    if not yes:
        click.confirm("Erase every database of the embedded server?", abort=True)
    _embedded().reset()
    settings.demo_file().unlink(missing_ok=True)
    click.echo("erased")


def _embedded() -> server.Server:
    if settings.load().database:
        raise ConfigError(
            "a server of your own is configured (almoner.yml or ALMONER_DSN)",
            "use its own tools, or `unset ALMONER_DSN` and leave database out of almoner.yml to"
            " use the embedded server",
        )
    return server.embedded()
