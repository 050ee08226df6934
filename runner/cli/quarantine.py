"""Commands on rows that are set aside: list, show, retry."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner import db, inspection, landing_only, releases, settings, tables
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import TITLES, print_rows


@main.group("quarantine")
def quarantine_group() -> None:
    """Look into the rows that are set aside, judge them again."""


@quarantine_group.command("list")
@click.option("--source", help="Of this source only.")
@click.option("--table", help="Of this table or entity only.")
@click.option("--tenant", help="Of this tenant only.")
@JSON
def quarantine_list(
    source: str | None, table: str | None, tenant: str | None, as_json: bool
) -> None:
    """Count what is set aside by table and reason.

    Rows that could not land stand there at once, those that staging sets aside after a build.
    """
    with db.connect() as connection:
        releases.prepare(connection)
        found = inspection.listing(connection, source, table, tenant)
    print_rows(found, as_json, empty="nothing is set aside")


@quarantine_group.command("show")
@click.argument("row")
@JSON
def quarantine_show(row: str, as_json: bool) -> None:
    """Show one row that is set aside, named as in the list."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = inspection.find(connection, row)
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    values = found.pop("row_data") or {}
    for name, value in found.items():
        if value is not None:
            title = TITLES.get(name, name.replace("_", " "))
            click.echo(f"{title:12} {tables.cell(value, title)}")
    click.echo()
    for name, value in values.items():
        # a control character must not reach the terminal
        click.echo(f"{name:24} {json.dumps(value, ensure_ascii=False)}")


@quarantine_group.command("retry")
@click.option("--source", help="Of this source only.")
@JSON
def quarantine_retry(source: str | None, as_json: bool) -> None:
    """Judge again what could not land, without building.

    A database is read in full; rows of files are judged as they were set aside.
    """
    retried = landing_only.retry(settings.load(), db.dsn(), source)
    print_rows([asdict(each) for each in retried], as_json, empty="nothing is set aside")
