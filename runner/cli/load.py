"""Commands on files."""

from __future__ import annotations

from pathlib import Path

import click

from runner import db, landing_only, load, settings, tables
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows
from runner.deletions import Limit

SHOWN_COLUMNS = 5


@main.command("load")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--source", required=True, help="Whose files: the first part of each tenant_id.")
@click.option("--system", help="The contract they follow; not for a source of almoner.yml.")
@click.option("--full", is_flag=True, help="Read files that are as they were, too.")
@click.option("--append", is_flag=True, help="Add and change rows only; none has vanished.")
@click.option("--accept-deletions", is_flag=True, help="Go on if many rows vanished.")
@JSON
def load_command(
    directory: Path,
    source: str,
    system: str | None,
    full: bool,
    append: bool,
    accept_deletions: bool,
    as_json: bool,
) -> None:
    """Land the CSV or Parquet files of a directory, without building."""
    configured = settings.load()
    found = settings.for_files(configured, source, system, is_appended=append)
    limit = Limit(configured.deletion_limit_percent, accept_deletions)
    batch = load.Batch(source, found, directory.absolute(), limit, append, full)
    landings = landing_only.from_files(configured, db.dsn(), batch)
    _print_landings([each for each in landings if isinstance(each, load.FileLanding)], as_json)


def _print_landings(landings: list[load.FileLanding], as_json: bool) -> None:
    rows = [
        {
            "source": each.source,
            "table": each.table.source_name,
            "read": each.read,
            "kept": each.kept,
            "set_aside": each.aside,
            "changed": each.landed,
            "deleted": each.deleted,
            **({"ignored_columns": list(each.unknown)} if as_json else {}),
        }
        for each in landings
    ]
    print_rows(rows, as_json, empty="nothing new")
    for each in landings if not as_json else []:
        if each.unknown:
            names = ", ".join(each.unknown[:SHOWN_COLUMNS])
            more = len(each.unknown) - SHOWN_COLUMNS
            click.echo(
                tables.paragraph(
                    f"{each.table.source_name}: left out what the contract does not name: "
                    f"{names}{f' and {more} more' if more > 0 else ''}"
                )
            )
