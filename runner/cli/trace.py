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
from runner.trace import Trace

HOW = {"sum": "the sum of", "max": "the highest of", "count": "the count of"}


@main.command("trace")
@click.argument("mart")
@click.argument("key", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@click.option(
    "--measure", help="Which figure; default: net revenue, the balance or the first sum."
)
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
    _print(found)


def _print(found: Trace) -> None:
    """Print a figure with what makes it, and below what makes each part of its formula."""
    if found.how in HOW:
        _print_rows(found)
    else:
        click.echo(f"{_figure(found.figure)} = {found.formula}")
        _print_parts(found)
    for operand in found.operands:
        click.echo(f"\n{operand.measure}:")
        _print(operand)


def _print_parts(found: Trace) -> None:
    parts = {**{each.measure: each.figure for each in found.operands}, **found.facts}
    width = max(map(len, parts), default=0)
    for name, value in parts.items():
        click.echo(f"  {name:{width}}  {_figure(value)}")
    if found.how == "share":
        click.echo(f"rounded so that the {found.count:,} shares make 100.00:")
        print_rows(found.rows, False)
        if found.count > len(found.rows):
            click.echo(f"the first {len(found.rows)} shown")


def _print_rows(found: Trace) -> None:
    if found.formula:
        click.echo(f"which is {found.formula}")
    if found.rows:
        is_posting = "debit_account" in found.rows[0] and "event_type" in found.rows[0]
        print_rows([_told(row) if is_posting else _named(row) for row in found.rows], False)
    shown = "" if found.count == len(found.rows) else f", the first {len(found.rows)} shown"
    each = f", one for each {' and '.join(_plain(found.each))}" if found.how == "count" else ""
    told = f"{found.count:,} {found.called}{each}{shown}"
    if found.figure is None:
        click.echo(f"no figure: not all is on record; what is are {told}")
    else:
        click.echo(f"{found.figure} = {HOW[found.how]} {told}")
    if found.next:
        click.echo(f"next: `{found.next}`")


def _plain(columns: tuple[str, ...]) -> list[str]:
    """Name columns; an expression is named by the column that it is of."""
    return [column.removeprefix("coalesce(").split(",")[0] for column in columns]


def _figure(value: Any) -> str:
    return "no figure" if value is None else str(value)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {"raw rows" if name == "raw" else name: value for name, value in row.items()}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Tell a posting in a line: when, what, which accounts, by which rules, from which rows."""
    return {
        "date": row["business_date"],
        "event": f"reversed {row['event_type']}" if row["is_reversal"] else row["event_type"],
        "debit": row["debit_account"],
        "credit": row["credit_account"],
        "department by": row["attribution_method"],
        "revenue point by": row["revenue_point_rule"],
        "contribution": row.get("contribution", row["amount"]),
        "raw rows": row["raw"],
    }
