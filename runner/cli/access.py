"""Commands on the logins of readers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import click

from runner import access, claims, db, releases, roles
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows
from runner.errors import ConfigError


@main.group("access")
def access_group() -> None:
    """Make and remove the logins of readers."""


def in_a_role(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a role and its scope."""
    for option in reversed(ROLE):
        command = option(command)
    return command


ROLE = (
    click.option(
        "--role", type=click.Choice(roles.ROLES), default="administrator", show_default=True,
        help="What it may see of the tenant, as the marts' yml says.",
    ),
    click.option(
        "--department", "departments", type=int, multiple=True,
        help="A department of a department head; may be repeated.",
    ),
    click.option("--practitioner", type=int, help="Who the doctor is."),
)  # fmt: skip


@access_group.command("grant")
@click.option("--tenant", help="The tenant the login is bound to.")
@click.option("--api", "is_api", is_flag=True, help="A login whose claims name the tenant.")
@click.option("--login", help="Its name; default: an opaque one.")
@in_a_role
@click.option("--patient-names", is_flag=True, help="It may read patients.names too.")
@JSON
def access_grant(
    tenant: str | None,
    is_api: bool,
    login: str | None,
    role: str,
    departments: tuple[int, ...],
    practitioner: int | None,
    patient_names: bool,
    as_json: bool,
) -> None:
    """Make a BI login that sees marts of one tenant and nothing else."""
    if is_api == bool(tenant):
        raise ConfigError(
            "a login is bound to a tenant or, for an API, to its claims",
            "`almoner access grant --tenant T`, or `almoner access grant --api`",
        )
    may = roles.API if is_api else roles.Role(role, departments, practitioner, patient_names)
    with db.connect() as connection:
        releases.prepare(connection)
        made = access.grant(connection, db.dsn(), tenant, login, may)
    if as_json:
        click.echo(json.dumps(asdict(made)))
        return
    click.echo(f"login     {made.login}")
    click.echo(f"tenant    {made.tenant or 'as each claim says'}")
    click.echo(f"role      {made.role}")
    click.echo(f"password  {made.password}")
    click.echo(f"dsn       {made.dsn}")
    click.echo("The password is shown once. Use session pooling, not transaction pooling.")


@access_group.command("claim")
@click.option("--tenant", required=True, help="The tenant the claim is for.")
@in_a_role
@click.option("--ttl", default="5m", show_default=True, help="How long: 90s, 5m, 2h.")
def access_claim(
    tenant: str, role: str, departments: tuple[int, ...], practitioner: int | None, ttl: str
) -> None:
    """Sign a claim: what an API's login sets as almoner.claim."""
    if not (lasts := re.fullmatch(r"(\d{1,6})([smh])", ttl)):
        raise click.BadParameter(f"{ttl!r} is no time such as 90s, 5m or 2h.", param_hint="--ttl")
    lifetime = timedelta(seconds=int(lasts[1]) * {"s": 1, "m": 60, "h": 3600}[lasts[2]])
    with db.connect() as connection:
        releases.prepare(connection)
        may = roles.Role(role, departments, practitioner)
        click.echo(claims.make(connection, tenant, may, lifetime))


@access_group.command("rotate")
def access_rotate() -> None:
    """Make a new key for claims; the one before stays valid."""
    with db.connect() as connection:
        releases.prepare(connection)
        claims.rotate(connection)
    click.echo("claims are signed with a new key; those of the key before stay valid")


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
