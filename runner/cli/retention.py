"""Commands on which releases are kept: pin, unpin, prune."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner import db, pins, releases, retention, settings, tables
from runner.cli.options import JSON
from runner.cli.printing import print_rows
from runner.cli.releases import releases_group


@releases_group.command("pin")
@click.argument("release", type=int)
@click.option("--reason", required=True, help="Why, for whoever finds the pin.")
def releases_pin(release: int, reason: str) -> None:
    """Keep a release from being pruned."""
    with db.connect() as connection:
        releases.prepare(connection)
        pins.pin(connection, release, reason)
    click.echo(f"release {release} is kept until `almoner releases unpin {release}`")


@releases_group.command("unpin")
@click.argument("release", type=int)
def releases_unpin(release: int) -> None:
    """Leave a release to the retention policy again."""
    with db.connect() as connection:
        releases.prepare(connection)
        pins.unpin(connection, release)
    click.echo(f"release {release} is no longer pinned")


@releases_group.command("prune")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@JSON
def releases_prune(dry_run: bool, as_json: bool) -> None:
    """Delete what only releases need that the policy no longer keeps.

    The policy is `retention` in almoner.yml. Room in tables is freed for what comes, not given
    back; indexes of tables that a hundredth went of are made anew. No reader waits.
    """
    policy = settings.load().retention
    with db.connect() as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            done = retention.prune(connection, policy, is_trial=dry_run)
    if as_json:
        click.echo(json.dumps(asdict(done), default=str))
        return
    print_rows([asdict(table) for table in done.tables], False, empty="no row is too old")
    pruned = ", ".join(str(release) for release in done.pruned) or "none"
    rows, size = sum(t.rows for t in done.tables), sum(t.bytes for t in done.tables)
    click.echo(
        f"\n{'would prune' if dry_run else 'pruned'} {tables.counted(len(done.pruned), 'release')}"
        f" ({pruned}), {len(done.kept):,} kept: {tables.counted(rows, 'row')}, {size:,} bytes"
    )
