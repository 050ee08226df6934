"""Commands on periods: close, reopen, list."""

from __future__ import annotations

from datetime import date, datetime

import click

from runner import db, landing_only, periods, releases, rights, tenants
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows

MONTH_TYPE = click.DateTime(["%Y-%m"])
AS = click.option("--as", "name", help="Who acts; default: the login of Almoner's database.")


@main.group("period")
def period_group() -> None:
    """Close months of a tenant, and open them again."""


@period_group.command("close")
@click.argument("tenant")
@click.option("--month", type=MONTH_TYPE, required=True, metavar="YYYY-MM", help="Which.")
@click.option("--reason", help="What to keep of it, such as who signed.")
@AS
def period_close(tenant: str, month: datetime, reason: str | None, name: str | None) -> None:
    """Close a month and those before it, as the tenant reads them now."""
    step = _step(tenant, month, reason, name)
    pinned = landing_only.close_period(db.dsn(), step)
    click.echo(f"{tenant} is closed through {step.month:%Y-%m}: release {pinned} is kept")


@period_group.command("reopen")
@click.argument("tenant")
@click.option("--month", type=MONTH_TYPE, metavar="YYYY-MM", help="Which.")
@click.option("--all", "is_all", is_flag=True, help="Every month instead.")
@click.option("--reason", required=True, help="Why; it is kept.")
@AS
def period_reopen(
    tenant: str, month: datetime | None, is_all: bool, reason: str, name: str | None
) -> None:
    """Open a closed month and those after it."""
    if is_all == bool(month):
        raise click.UsageError("give --month or --all")
    landing_only.reopen_period(db.dsn(), _step(tenant, month or datetime.min, reason, name))
    since = f" from {month:%Y-%m} on" if month else ""
    click.echo(f"{tenant} is open{since} with the next `almoner build`")


def _step(tenant: str, month: datetime, reason: str | None, name: str | None) -> periods.Step:
    with db.connect() as connection:
        releases.prepare(connection)
        tenants.require(connection, tenant)
        who = rights.principal(connection, name)
    return periods.Step(tenant, date(month.year, month.month, 1), who, reason)


@period_group.command("list")
@click.option("--tenant", help="Those of one tenant.")
@click.option("--steps", "is_history", is_flag=True, help="Every closing and opening.")
@JSON
def period_list(tenant: str | None, is_history: bool, as_json: bool) -> None:
    """List what is closed, and how many postings changed since."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = (periods.steps if is_history else periods.listing)(connection, tenant)
    print_rows(found, as_json, empty="nothing is closed; `almoner period close`")
