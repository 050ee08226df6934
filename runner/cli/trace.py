"""The command `almoner trace`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from runner import db, releases
from runner import trace as tracing
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows


@main.command("trace")
@click.argument("mart")
@click.argument("key", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@click.option("--measure", help="Which figure; default: the first that can be traced.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows that are shown."
)
@JSON
def trace(mart: str, key: tuple[str, ...], measure: str | None, limit: int, as_json: bool) -> None:
    """Show what a figure is made of, down to the raw rows."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = tracing.trace(connection, mart, tracing.parsed(key), measure, limit)
    if as_json:
        click.echo(json.dumps(asdict(found), default=str))
        return
    place = ", ".join(f"{column} {value}" for column, value in found.key.items())
    click.echo(f"{found.mart}.{found.measure} of {place} at release {found.release}:")
    print_rows([_told(row) if found.kind == "posting" else row for row in found.rows], False)
    shown = "" if found.count == len(found.rows) else f", the first {len(found.rows)} shown"
    what = "postings" if found.kind == "posting" else f"rows of {found.kind}"
    click.echo(f"{found.figure:f} = the sum of {found.count:,} {what}{shown}")
    if found.kind != "posting":
        click.echo(f"next: `almoner trace {found.kind} tenant_id=… as_of_date=… document_id=…`")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Tell a posting in a line: when, what, which accounts, by which rules, from which rows."""
    return {
        "date": row["business_date"],
        "event": f"reversed {row['event_type']}" if row["is_reversal"] else row["event_type"],
        "debit": row["debit_account"],
        "credit": row["credit_account"],
        "department by": row["attribution_method"],
        "revenue point by": row["revenue_point_rule"],
        "contribution": row["contribution"],
        "raw rows": row["raw"],
    }
