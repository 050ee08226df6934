"""Commands on write-offs: request, approve, reject, cancel, reverse, list, show, who may."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import click
from psycopg.rows import DictRow

from runner import db, decisions, releases, rights, tenants, write_offs
from runner.cli.group import main
from runner.cli.options import JSON, decimal
from runner.cli.printing import print_rows

AS = click.option("--as", "name", help="Who acts; default: the login of Almoner's database.")
NUMBER = click.argument("write_off", type=int)
REASON = click.option("--reason", required=True, help="Why; it is kept.")
MAY = (
    click.option("--request", "may_request", is_flag=True, help="To ask for write-offs."),
    click.option("--approve", "may_approve", is_flag=True, help="To approve and reject them."),
)


@contextmanager
def prepared() -> Iterator[db.Connection]:
    """Connect to Almoner's database, with its tables there."""
    with db.connect() as connection:
        releases.prepare(connection)
        yield connection


@main.group("writeoff")
def writeoff_group() -> None:
    """Ask for write-offs, and decide them."""


@writeoff_group.command("request")
@click.option("--tenant", required=True, help="Whose invoice it is.")
@click.option("--invoice", type=int, required=True, help="The invoice, by its invoice_id.")
@click.option("--amount", callback=decimal, required=True, help="In the invoice's currency.")
@click.option(
    "--category", type=click.Choice(write_offs.CATEGORIES, case_sensitive=False), required=True,
    help="What kind it is.",
)  # fmt: skip
@click.option(
    "--share", type=click.Choice(["patient", "payer"]), default="patient", show_default=True,
    help="Whose part of the invoice.",
)  # fmt: skip
@REASON
@AS
@JSON
def writeoff_request(
    tenant: str,
    invoice: int,
    amount: Decimal,
    category: str,
    share: str,
    reason: str,
    name: str | None,
    as_json: bool,
) -> None:
    """Ask for a write-off, which somebody else decides."""
    asked = write_offs.Request(tenant, invoice, share, category, amount, reason)
    with prepared() as connection:
        tenants.require(connection, tenant)
        who = rights.principal(connection, name)
        number = write_offs.request(connection, asked, who)
        found = write_offs.find(connection, number)
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    told = f"{found['amount']:f} {found['currency_code']} of invoice {invoice}, {tenant}"
    click.echo(f"write-off {number} is pending: {told}")


def _decided(
    decide: Callable[[db.Connection, int, str, str], DictRow],
    write_off: int,
    reason: str,
    name: str | None,
    as_json: bool,
) -> None:
    with prepared() as connection:
        who = rights.principal(connection, name)
        found = decide(connection, write_off, who, reason)
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    click.echo(f"write-off {write_off} is {found['status']}; the next `almoner build` shows it")


@writeoff_group.command("approve")
@NUMBER
@click.option("--reason", default="", help="A remark; it is kept.")
@AS
@JSON
def writeoff_approve(write_off: int, reason: str, name: str | None, as_json: bool) -> None:
    """Approve a write-off of somebody else's; the next build posts it."""
    _decided(decisions.approve, write_off, reason, name, as_json)


@writeoff_group.command("reject")
@NUMBER
@REASON
@AS
@JSON
def writeoff_reject(write_off: int, reason: str, name: str | None, as_json: bool) -> None:
    """Reject a write-off of somebody else's."""
    _decided(decisions.reject, write_off, reason, name, as_json)


@writeoff_group.command("cancel")
@NUMBER
@REASON
@AS
@JSON
def writeoff_cancel(write_off: int, reason: str, name: str | None, as_json: bool) -> None:
    """Take back an own request that nobody decided yet."""
    _decided(decisions.cancel, write_off, reason, name, as_json)


@writeoff_group.command("reverse")
@NUMBER
@REASON
@AS
@JSON
def writeoff_reverse(write_off: int, reason: str, name: str | None, as_json: bool) -> None:
    """Take back an approved write-off; the next build reverses it."""
    _decided(decisions.reverse, write_off, reason, name, as_json)


@writeoff_group.command("list")
@click.option("--tenant", help="Those of one tenant.")
@click.option("--status", type=click.Choice(write_offs.STATUSES), help="Those in a status.")
@JSON
def writeoff_list(tenant: str | None, status: str | None, as_json: bool) -> None:
    """List the write-offs that were asked for here, the newest first."""
    with prepared() as connection:
        found = write_offs.listing(connection, tenant, status)
    print_rows(found, as_json, empty="no write-off; `almoner writeoff request`")


@writeoff_group.command("show")
@NUMBER
@JSON
def writeoff_show(write_off: int, as_json: bool) -> None:
    """Show every step of a write-off: who, when and why."""
    with prepared() as connection:
        found = write_offs.find(connection, write_off)
        steps = write_offs.steps(connection, write_off)
    if as_json:
        click.echo(json.dumps({**found, "steps": steps}, default=str))
        return
    click.echo(
        f"write-off {write_off}, {found['status']}: {found['amount']:f} {found['currency_code']}"
        f" of the {found['share']}'s share of invoice {found['invoice_id']},"
        f" {found['tenant_id']}, as {found['category']}"
    )
    print_rows(steps, False)


@writeoff_group.command("grant")
@click.argument("tenant")
@click.argument("principal")
@MAY[0]
@MAY[1]
def writeoff_grant(tenant: str, principal: str, may_request: bool, may_approve: bool) -> None:
    """Let a principal ask for a tenant's write-offs, or approve them."""
    _change(tenant, principal, may_request, may_approve, is_granted=True)


@writeoff_group.command("revoke")
@click.argument("tenant")
@click.argument("principal")
@MAY[0]
@MAY[1]
def writeoff_revoke(tenant: str, principal: str, may_request: bool, may_approve: bool) -> None:
    """Take the right to ask for or to approve a tenant's write-offs."""
    _change(tenant, principal, may_request, may_approve, is_granted=False)


def _change(
    tenant: str, principal: str, may_request: bool, may_approve: bool, *, is_granted: bool
) -> None:
    chosen = {"request": may_request, "approve": may_approve}
    actions = [action for action, is_chosen in chosen.items() if is_chosen]
    if not actions:
        raise click.UsageError("name --request, --approve or both")
    with prepared() as connection:
        tenants.require(connection, tenant)
        rights.change(connection, tenant, principal, actions, is_granted=is_granted)
    told = "may" if is_granted else "may no longer"
    click.echo(f"{principal} {told} {' and '.join(actions)} write-offs of {tenant}")


@writeoff_group.command("rights")
@click.option("--tenant", help="Those of one tenant.")
@JSON
def writeoff_rights(tenant: str | None, as_json: bool) -> None:
    """List who may ask for write-offs and who may approve them."""
    with prepared() as connection:
        found = rights.listing(connection, tenant)
    print_rows(found, as_json, empty="nobody yet; `almoner writeoff grant`")
