"""Commands on releases: list, show, roll back, hold a tenant."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from runner import audits, db, holds, publication, reaudit, releases, status, tables
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import TITLES, print_rows

# columns that most installations do not need
OPTIONAL = ("reason", "pinned")


@main.group("releases")
def releases_group() -> None:
    """List releases, compare two, go back to one, keep or prune older ones."""


@releases_group.command("list")
@JSON
def releases_list(as_json: bool) -> None:
    """List every release, the newest first."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = releases.listing(connection)
    if not as_json:
        found = [_release_row(row) for row in found]
        unused = {name for name in OPTIONAL if not any(row[name] for row in found)}
        found = [{name: row[name] for name in row if name not in unused} for row in found]
    print_rows(found, as_json, empty="no release yet; run `almoner build`")


def _release_row(row: dict[str, Any]) -> dict[str, Any]:
    """Leave the time it took in place of the time it ended, to fit on a line."""
    ended = row["finished_at"]
    took = f"{(ended - row['started_at']).total_seconds():.1f} s" if ended else ""
    state = "pruned" if row["pruned_at"] else row["state"]
    shown = {"release_id": row["release_id"], "state": state}
    shown |= {"started_at": row["started_at"], "took": took}
    left_out = {*shown, "finished_at", "pruned_at"}
    shown |= {name: row[name] for name in row if name not in left_out}
    return shown | {"reason": " ".join((row["reason"] or "").split())}


@releases_group.command("show")
@click.argument("release", type=int)
@JSON
def releases_show(release: int, as_json: bool) -> None:
    """Show what a release landed and changed, and what audits found."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = releases.find(connection, release)
        landed = releases.landings(connection, release)
        changed = status.changed_rows(connection, release)
        failures = audits.recorded(connection, release)
    if as_json:
        told = {"landings": landed, "changes": changed, "failures": [asdict(f) for f in failures]}
        click.echo(json.dumps({**found, **told}, default=str))
        return
    for name, value in found.items():
        if value is not None:
            title = TITLES.get(name, name.replace("_", " "))
            click.echo(f"{title:15} {tables.cell(value, title)}")
    click.echo()
    print_rows(landed, False, empty="nothing landed")
    click.echo()
    print_rows(changed, False, empty="no figure changed")
    for failure in failures:
        click.echo(f"\n{failure.tenant} fails {failure}")
        print_rows(failure.sample, False)
    if found["pruned_at"]:
        click.echo("\npruned: only rows that a kept release has as well are counted")


@releases_group.command("rollback")
@click.option("--to", "to", type=int, help="A published release; default: the one before.")
def releases_rollback(to: int | None) -> None:
    """Let the tenants read an earlier release again.

    A build that finds something new goes forward again, and so does --to the newest release.
    """
    with db.connect() as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            target = to if to is not None else releases.before_current(connection)
            tenants = publication.rollback(connection, target)
    read = "tenant reads" if tenants == 1 else "tenants read"
    click.echo(f"{tenants:,} {read} release {target} now; a build with news goes forward")


@releases_group.command("hold")
@click.argument("tenant")
@click.option("--reason", required=True, help="Why; `almoner status` shows it.")
def releases_hold(tenant: str, reason: str) -> None:
    """Let a tenant go on reading its release while the others move on."""
    with db.connect() as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            stays = holds.hold(connection, tenant, reason)
    click.echo(f"{tenant} stays at release {stays} until `almoner releases unhold {tenant}`")


@releases_group.command("unhold")
@click.argument("tenant")
@click.option("--force", is_flag=True, help="Also if audits still find fault with it.")
def releases_unhold(tenant: str, force: bool) -> None:
    """Let a tenant that is held read the newest release."""
    release = reaudit.unhold(db.dsn(), tenant, force=force)
    click.echo(f"{tenant} reads release {release} now")
