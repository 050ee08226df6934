"""Commands on marts: list, export, scaffold one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from runner import db, exports, marts, releases, scaffold, tables
from runner.cli.group import main
from runner.cli.options import JSON, iso_date
from runner.cli.printing import print_rows
from runner.errors import ConfigError


@main.command("marts")
@click.argument("name", required=False)
@JSON
def marts_command(name: str | None, as_json: bool) -> None:
    """List the marts, or one of them with its columns."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = [marts.find(connection, name)] if name else marts.listing(connection)
    if as_json:
        click.echo(json.dumps([asdict(mart) for mart in found], default=str))
        return
    if name:
        mart = found[0]
        click.echo(f"{tables.paragraph(f'{mart.name}: {mart.description}')}\n")
        click.echo(f"grain      {', '.join(mart.grain)}")
        if mart.changed_in:
            changed_at = tables.cell(mart.changed_at)
            click.echo(f"freshness  changed by release {mart.changed_in} at {changed_at} UTC")
        click.echo()
        print_rows([asdict(column) for column in mart.columns], False)
        return
    print_rows(
        [
            {
                "mart": mart.name,
                "by": mart.date_column,
                "changed_in": mart.changed_in,
                "description": mart.description.split(". ")[0].rstrip("."),
            }
            for mart in found
        ],
        False,
        empty="no mart is published; run `almoner build`",
    )
    if found:
        click.echo("\n`almoner marts NAME` lists the columns of one")


@main.command("export")
@click.argument("mart")
@click.option("--tenant", required=True, help="Whose rows.")
@click.option(
    "--from", "first", metavar="YYYY-MM-DD", callback=iso_date, help="First date, inclusive."
)
@click.option(
    "--to", "last", metavar="YYYY-MM-DD", callback=iso_date, help="Last date, inclusive."
)
@click.option(
    "--as-of",
    "as_of",
    metavar="YYYY-MM-DD",
    callback=iso_date,
    help="The day, for marts that hold for a day.",
)
@click.option(
    "--format", "file_format", type=click.Choice(["csv"]), default="csv", show_default=True,
    help="How the file is written.",
)  # fmt: skip
@click.option(
    "--as-known-at",
    type=click.IntRange(min=0),
    metavar="N",
    help="As the tenant read it at release N.",
)
@click.option("--out", required=True, help="A file, or - for standard output.")
def export_command(
    mart: str,
    tenant: str,
    first: date | None,
    last: date | None,
    as_of: date | None,
    file_format: str,
    as_known_at: int | None,
    out: str,
) -> None:
    """Write one tenant's rows of a mart to a file.

    Beside the file a manifest tells the release, the rows and the sha256. Text that a
    spreadsheet would run as a formula begins with a quote (README, Exports).
    """
    if as_of and (first or last):
        raise ConfigError(
            "--as-of goes without --from and --to",
            f"`almoner export {mart} --tenant {tenant} --as-of {as_of} --out {out}`",
        )
    request = exports.Request(
        mart, tenant, as_of or first, as_of or last, file_format, as_known_at
    )
    with db.connect() as connection:
        releases.prepare(connection)
        if out == "-":
            manifest = exports.export(connection, request, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            manifest = exports.export_file(connection, request, Path(out))
    click.echo(
        f"{tables.counted(manifest.rows, 'row')} of {mart} for {tenant} "
        f"at release {manifest.release}, sha256 {manifest.sha256}",
        err=True,
    )


@main.group("new")
def new_group() -> None:
    """Scaffold a part of the project."""


@new_group.command("mart")
@click.argument("name")
@click.option("--domain", default="finance", show_default=True, help="Folder of models/marts.")
def new_mart(name: str, domain: str) -> None:
    """Write the SQL and yml of a new mart, for you to make your own."""
    for path in scaffold.mart(name, domain):
        click.echo(f"wrote {path}")
    click.echo("next: write the select and, in the yml, its grain and columns; then")
    click.echo("      almoner build")
    click.echo(f"      almoner export {name} --tenant … --out -")
