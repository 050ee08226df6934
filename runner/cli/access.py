"""Commands on the logins of readers."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from runner import access, db, releases, roles
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows


@main.group("access")
def access_group() -> None:
    """Make and remove the logins of readers."""


@access_group.command("grant")
@click.option("--tenant", required=True, help="The tenant the login is bound to.")
@click.option("--login", help="Its name; default: an opaque one.")
@click.option(
    "--role", type=click.Choice(roles.ROLES), default="administrator", show_default=True,
    help="What it may see of the tenant, as the marts' yml says.",
)  # fmt: skip
@click.option(
    "--department", "departments", type=int, multiple=True,
    help="A department of a department head; may be repeated.",
)  # fmt: skip
@click.option("--practitioner", type=int, help="Who the doctor is.")
@JSON
def access_grant(
    tenant: str,
    login: str | None,
    role: str,
    departments: tuple[int, ...],
    practitioner: int | None,
    as_json: bool,
) -> None:
    """Make a BI login that sees marts of one tenant and nothing else."""
    may = roles.Role(role, departments, practitioner)
    with db.connect() as connection:
        releases.prepare(connection)
        made = access.grant(connection, db.dsn(), tenant, login, may)
    if as_json:
        click.echo(json.dumps(asdict(made)))
        return
    click.echo(f"login     {made.login}")
    click.echo(f"tenant    {made.tenant}")
    click.echo(f"role      {made.role}")
    click.echo(f"password  {made.password}")
    click.echo(f"dsn       {made.dsn}")
    click.echo("The password is shown once. Use session pooling, not transaction pooling.")


@access_group.command("revoke")
@click.argument("login")
def access_revoke(login: str) -> None:
    """Remove a login and end its sessions."""
    with db.connect() as connection:
        releases.prepare(connection)
        access.revoke(connection, login)
    click.echo(f"{login} is gone")


@access_group.command("list")
@JSON
def access_list(as_json: bool) -> None:
    """List the logins and their tenants."""
    with db.connect() as connection:
        releases.prepare(connection)
        print_rows(
            access.listing(connection),
            as_json,
            empty="no login yet; `almoner access grant --tenant T`",
        )


@access_group.command("check")
@JSON
def access_check(as_json: bool) -> None:
    """Look for an open lock between tenants; if so, exit code 4."""
    with db.connect() as connection:
        releases.prepare(connection)
        faults = db.rows(connection, db.script("gate"))
    print_rows(faults, as_json, empty="every lock is closed")
    if faults:
        sys.exit(4)
