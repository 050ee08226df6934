"""Commands on the logins of readers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

import click

from runner import access, claims, db, releases, roles
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows
from runner.errors import ConfigError
from runner.gates import GROUP


@main.group("access")
def access_group() -> None:
    """Make and remove the logins of readers."""


Command = Callable[..., None]


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Add options to a command, in their order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


of_a_group = with_options(
    click.option("--tenants", metavar="A,B", help="The tenants that a group reader reads."),
    click.option("--all-tenants", is_flag=True, help="It reads every tenant, later ones too."),
)


def in_a_role(names: Sequence[str]) -> Callable[[Command], Command]:
    """Add the options that name one of these roles and its scope."""
    return with_options(
        click.option(
            "--role", type=click.Choice(names), default="administrator", show_default=True,
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
@of_a_group
@click.option("--api", "is_api", is_flag=True, help="A login whose claims name the tenant.")
@click.option("--login", help="Its name; default: an opaque one.")
@in_a_role((*roles.ROLES, GROUP))
@click.option("--patient-names", is_flag=True, help="It may read patients.names too.")
@JSON
def access_grant(
    tenant: str | None,
    tenants: str | None,
    all_tenants: bool,
    is_api: bool,
    login: str | None,
    role: str,
    departments: tuple[int, ...],
    practitioner: int | None,
    patient_names: bool,
    as_json: bool,
) -> None:
    """Make a BI login that sees the marts of one tenant, or of several."""
    if (tenant is not None) + (tenants is not None) + all_tenants + is_api != 1:
        raise ConfigError(
            "a login is bound to a tenant, to those of a group or, for an API, to its claims",
            "`almoner access grant --tenant T`, `almoner access grant --tenants A,B --role group`"
            " or `almoner access grant --api`",
        )
    scope = (departments, practitioner, patient_names, listed(tenants), all_tenants)
    may = roles.API if is_api else roles.Role(role, *scope)
    with db.connect() as connection:
        releases.prepare(connection)
        made = access.grant(connection, db.dsn(), tenant, login, may)
    if as_json:
        click.echo(json.dumps(asdict(made)))
        return
    click.echo(f"login     {made.login}")
    several = "all, later ones too" if all_tenants else tenants
    click.echo(f"tenant    {made.tenant or several or 'as each claim says'}")
    click.echo(f"role      {made.role}")
    click.echo(f"password  {made.password}")
    click.echo(f"dsn       {made.dsn}")
    click.echo("The password is shown once. Use session pooling, not transaction pooling.")


def listed(tenants: str | None) -> tuple[str, ...]:
    """Read names between commas."""
    return tuple(name for part in (tenants or "").split(",") if (name := part.strip()))


@access_group.command("change")
@click.argument("login")
@of_a_group
def access_change(login: str, tenants: str | None, all_tenants: bool) -> None:
    """Let a group reader read these tenants from now on."""
    may = roles.Role(GROUP, tenants=listed(tenants), all_tenants=all_tenants)
    with db.connect() as connection:
        releases.prepare(connection)
        access.change(connection, login, may)
    click.echo(f"{login} reads {'every tenant' if all_tenants else ', '.join(may.tenants)}")


@access_group.command("claim")
@click.option("--tenant", required=True, help="The tenant the claim is for.")
@in_a_role(roles.ROLES)
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
