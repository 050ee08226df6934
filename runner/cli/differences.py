"""The command that compares two releases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import chain, islice

import click

from runner import db, differences, releases
from runner.cli.options import JSON, iso_date
from runner.cli.printing import print_rows
from runner.cli.releases import releases_group
from runner.differences import Figure

# so many figures are listed without being asked for one mart
LISTED = 40


@dataclass
class _Summary:
    """What moved in one mart, counted as it streams by."""

    figures: int = 0
    rows: int = 0
    tenants: set[str] = field(default_factory=set)
    _last: tuple[str, dict[str, str | None]] | None = None

    def add(self, figure: Figure) -> None:
        row = (figure.tenant, figure.key)
        self.figures += 1
        self.rows += row != self._last
        self.tenants.add(figure.tenant)
        self._last = row


@releases_group.command("diff")
@click.argument("before", type=int)
@click.argument("after", type=int)
@click.option("--mart", help="One mart only, and each of its figures.")
@click.option("--tenant", help="One tenant only.")
@click.option(
    "--as-of", metavar="YYYY-MM-DD", callback=iso_date,
    help="The day, for marts that hold for a day; default: the last with data at both.",
)  # fmt: skip
@JSON
def releases_diff(
    before: int, after: int, mart: str | None, tenant: str | None, as_of: date | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Tell every figure of the marts that moved between two releases.

    Many are counted by mart; --mart lists them, --json gives all, one object a line.
    """
    request = differences.Request(before, after, mart, tenant, as_of)
    with db.connect() as connection:
        releases.prepare(connection)
        found = differences.moved(connection, request)
        if as_json:
            for figure in found:
                click.echo(json.dumps(asdict(figure)))
        else:
            _print(found, None if mart else LISTED)
        if names := differences.redefined(connection, request):
            told = f"defined otherwise at release {before}, shown as defined today: "
            click.echo(told + ", ".join(names), err=True)


def _print(found: Iterator[Figure], most: int | None) -> None:
    """List the figures as they come, or count them by mart if there are more than `most`."""
    first = list(islice(found, most + 1)) if most else []
    if most and len(first) > most:
        _print_counts(chain(first, found))
        return
    is_empty = True
    for figure in chain(first, found):
        is_empty = False
        key = " ".join(
            "-" if value is None else value
            for name, value in figure.key.items()
            if name != "tenant_id"
        )
        told = f"{_shown(figure.before)} → {_shown(figure.after)}"
        click.echo(f"{figure.mart}  {figure.tenant}  {key}  {figure.column}: {told}")
    if is_empty:
        click.echo("no figure moved")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _print_counts(found: Iterator[Figure]) -> None:
    counts: dict[str, _Summary] = {}
    for figure in found:
        counts.setdefault(figure.mart, _Summary()).add(figure)
    print_rows(
        [
            {
                "mart": name,
                "tenants": len(summary.tenants),
                "rows": summary.rows,
                "figures": summary.figures,
            }
            for name, summary in counts.items()
        ],
        False,
    )
    click.echo("\n--mart lists the figures of one")
