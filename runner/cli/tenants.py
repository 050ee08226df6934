"""Commands on tenants: list, add, remove, policy."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner import db, landing_only, policies, releases, settings, tables, tenants
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows

LATE_TOLD = {
    "restate": "a later change of a month closed from now on restates it",
    "carry-forward": "a later change of a month closed from now on is posted to the open month",
}


@main.group("tenant")
def tenant_group() -> None:
    """List the tenants, remove one, let one in again, set its policy."""


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


@tenant_group.command("policy")
@click.argument("tenant")
@click.option("--minimum-patients", type=int, help="Withhold counts of fewer patients.")
@click.option("--clear", is_flag=True, help="Withhold nothing.")
@click.option(
    "--late-changes", type=click.Choice(policies.LATE_CHANGES),
    help="What becomes of later changes of months that are closed from now on.",
)  # fmt: skip
@JSON
def tenant_policy(
    tenant: str,
    minimum_patients: int | None,
    clear: bool,
    late_changes: str | None,
    as_json: bool,
) -> None:
    """Show or set what is withheld, and what becomes of late changes."""
    if clear and minimum_patients is not None:
        raise click.UsageError("--clear and --minimum-patients exclude each other")
    is_set = clear or minimum_patients is not None
    is_changed = is_set and landing_only.policy(db.dsn(), tenant, minimum_patients)
    with db.connect() as connection:
        releases.prepare(connection)
        tenants.require(connection, tenant)
        if late_changes:
            policies.keep_late_changes(connection, tenant, late_changes)
        found = policies.history(connection, tenant)
    if late_changes and not as_json:
        click.echo(f"{tenant}: {LATE_TOLD[late_changes]}")
    if as_json or not (is_set or late_changes):
        empty = f"{tenant} has no policy: nothing is withheld"
        print_rows([asdict(each) for each in found], as_json, empty=empty)
    elif is_changed:
        click.echo(f"{tenant}: {_told(minimum_patients)} from the next `almoner build` on")
    elif is_set:
        click.echo(f"{tenant}: {_told(minimum_patients)}, as before")


def _told(minimum_patients: int | None) -> str:
    if minimum_patients is None:
        return "no count is withheld"
    return f"counts of fewer than {minimum_patients} patients are withheld"
