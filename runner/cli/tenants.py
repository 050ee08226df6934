"""Commands on tenants: list, add, remove."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner import db, releases, settings, tables, tenants
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows


@main.group("tenant")
def tenant_group() -> None:
    """List the tenants, remove one, let one in again."""


@tenant_group.command("list")
@JSON
def tenant_list(as_json: bool) -> None:
    """List the tenants with their release, rows and logins."""
    with db.connect() as connection:
        releases.prepare(connection)
        print_rows(tenants.listing(connection), as_json, empty="no tenant yet; `almoner build`")
        if as_json:
            return
        for row in tenants.skipped(connection):
            told = tables.counted(row["rows_skipped"], "row")
            click.echo(f"the last sync left {told} in {row['source_id']}: not wanted here")


@tenant_group.command("add")
@click.argument("tenant")
def tenant_add(tenant: str) -> None:
    """Let a removed tenant land again with the next build."""
    with db.connect() as connection:
        releases.prepare(connection)
        was_removed = tenants.add(connection, settings.load(), tenant)
    if was_removed:
        click.echo(f"{tenant} lands again with the next `almoner build`")
    else:
        click.echo(f"{tenant} needs no adding: a build lands every tenant that its source has")


@tenant_group.command("remove")
@click.argument("tenant")
@click.confirmation_option(prompt="Erase every row of it, in every release?", help="Do not ask.")
@JSON
def tenant_remove(tenant: str, as_json: bool) -> None:
    """Erase a tenant: logins, rows of every release; it lands no more."""
    with db.connect() as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            releases.revert_interrupted(connection)
            done = tenants.remove(connection, tenant)
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    print_rows(
        [
            {"schema": schema, "erased": rows, "left": done.left[schema]}
            for schema, rows in done.erased.items()
        ],
        False,
    )
    click.echo(f"{tenant} is gone, and {tables.counted(len(done.logins), 'login')} with it")
    for name, rows in done.shared.items():
        click.echo(f"{name} keeps {tables.counted(rows, 'row')} that its source's tenants share")
