"""The command on what is expected of landed rows."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from runner import db, expectations, releases, settings
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows


@main.command("expect")
@click.option("--source", help="Only this source.")
@click.option("--table", help="Only this table.")
@click.option("--whole", is_flag=True, help="All rows, not only those landed since the last time.")
@JSON
def expect_command(source: str | None, table: str | None, whole: bool, as_json: bool) -> None:
    """Validate landed rows with Great Expectations; exit code 1 on errors."""
    configured = settings.load()
    dsn = db.dsn()
    with db.connect(dsn) as connection:
        releases.prepare(connection)
        findings = expectations.check(
            connection, dsn, configured, source=source, table=table, whole=whole
        )
    missed = [asdict(each) for each in findings if not each.is_met]
    if as_json:
        print_rows([asdict(each) for each in findings], as_json)
    else:
        print_rows(missed, as_json, empty="nothing unexpected")
        click.echo(f"{len(findings):,} expectations; {expectations.docs()}/index.html shows them")
    if any(each["severity"] == "error" for each in missed):
        sys.exit(1)
