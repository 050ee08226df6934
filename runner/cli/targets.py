"""Commands on targets: set, clear, list."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import click

from runner import db, landing_only, releases, targets, tenants
from runner.cli.group import main
from runner.cli.options import JSON, decimal
from runner.cli.printing import print_rows

MONTH = click.option(
    "--month", type=click.DateTime(["%Y-%m"]), required=True, metavar="YYYY-MM", help="Of when."
)
POINT = click.option(
    "--revenue-point",
    "point",
    default=targets.ALL,
    show_default=True,
    help="Of what, by its code.",
)
CURRENCY = click.option("--currency", help="Its code; default: the tenant's.")


@main.group("target")
def target_group() -> None:
    """Set what a tenant means to earn in a month."""


@target_group.command("set")
@click.argument("tenant")
@MONTH
@click.option("--amount", callback=decimal, required=True, help="Net revenue.")
@POINT
@CURRENCY
def target_set(
    tenant: str, month: datetime, amount: Decimal, point: str, currency: str | None
) -> None:
    """Set the net revenue that a tenant means to have in a month."""
    told = _changed(tenant, month, amount, point, currency)
    click.echo(f"{told}: {amount:f} from the next `almoner build` on")


@target_group.command("clear")
@click.argument("tenant")
@MONTH
@POINT
@CURRENCY
def target_clear(tenant: str, month: datetime, point: str, currency: str | None) -> None:
    """Take a target away."""
    told = _changed(tenant, month, None, point, currency)
    click.echo(f"{told}: no target from the next `almoner build` on")


def _changed(
    tenant: str, month: datetime, amount: Decimal | None, point: str, currency: str | None
) -> str:
    with db.connect() as connection:
        releases.prepare(connection)
        tenants.require(connection, tenant)
        code = (currency or targets.currency(connection, tenant)).upper()
    first = date(month.year, month.month, 1)
    landing_only.set_targets(db.dsn(), [targets.Target(tenant, first, point, code, amount)])
    return f"{tenant}, {first:%Y-%m}, {point}, {code}"


@target_group.command("list")
@click.option("--tenant", help="Those of one tenant.")
@JSON
def target_list(tenant: str | None, as_json: bool) -> None:
    """List the targets in force."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = targets.listing(connection, tenant)
    print_rows(found, as_json, empty="no target; `almoner target set`")
