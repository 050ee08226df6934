"""Commands that build: build, sync, audit; and status."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from runner import (
    absence,
    build,
    db,
    landing_only,
    progress,
    raw,
    reaudit,
    releases,
    settings,
    status,
    sync,
    tables,
)
from runner.cli import resident
from runner.cli.group import main
from runner.cli.options import JSON
from runner.cli.printing import print_rows
from runner.errors import AuditError, ConfigError
from runner.landing import Landing

SHOWN_TENANTS = 8


@main.command("build")
@click.option("--full", is_flag=True, help="Recompute every model; only differences are released.")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@click.option("--take-over", is_flag=True, help="End another build that hangs, and build.")
@click.option("--verify", is_flag=True, help="Compare every landed row with its source.")
@click.option("--expectations", "expect", is_flag=True, help="Validate what landed.")
@click.option("--watch", "is_resident", is_flag=True, help="Stay, and build again and again.")
@click.option(
    "--every", type=click.IntRange(min=1), default=300, show_default=True,
    help="With --watch: seconds from the beginning of one build to the next.",
)  # fmt: skip
@JSON
def build_command(is_resident: bool, every: int, as_json: bool, **options: bool) -> None:
    """Make a release: sync, run dbt, audit, publish."""
    if is_resident:
        if any(options.values()):
            raise click.UsageError("--watch goes with --every and --json only")
        resident.run(_with_sources, every, None if as_json else _print_published)
        return
    configured = _with_sources()
    report = progress.reporter(as_json)
    try:
        outcome = build.Builder(configured, db.dsn()).build(report, build.Options(**options))
    finally:
        if isinstance(report, progress.Terminal):
            report.close()
    if as_json:
        click.echo(json.dumps({"event": "done", **asdict(outcome)}))
    elif outcome.release is None:
        click.echo(f"nothing new: {_standing(outcome)} ({outcome.seconds:.1f} s)")
        _print_held(outcome.amiss)
    else:
        _print_published(outcome)
    if outcome.failures:
        raise AuditError(
            "audits hold back " + ", ".join(sorted({each.tenant for each in outcome.failures})),
            f"`almoner releases show {outcome.release}` shows the rows that failed; mend them in"
            " the source and run `almoner build`",
        )


def _print_published(outcome: build.Outcome) -> None:
    told = (
        f"published release {outcome.release} to {tables.counted(outcome.tenants, 'tenant')}: "
        f"{tables.counted(outcome.rows_landed, 'row')} landed, "
        f"{outcome.rows_deleted:,} deleted, {tables.counted(outcome.nodes, 'node')}, "
        f"{tables.counted(outcome.tests, 'test')} ({outcome.seconds:.1f} s)"
    )
    click.echo(tables.paragraph(told))
    _print_held(outcome.amiss)
    if rows := sum(each.rows_set_aside for each in outcome.amiss):
        click.echo(f"{tables.counted(rows, 'row')} set aside: see `almoner status`")


def _standing(outcome: build.Outcome) -> str:
    if outcome.current == outcome.read:
        return f"release {outcome.current} stands"
    return (
        f"tenants go on reading release {outcome.read}; "
        f"`almoner releases rollback --to {outcome.current}` takes them to the newest"
    )


def _with_sources() -> settings.Settings:
    configured = settings.load()
    if not configured.sources and not _has_loaded():
        raise ConfigError(
            "no source is configured",
            "run `almoner demo create`, or name one in almoner.yml (see almoner.example.yml)",
        )
    return configured


def _has_loaded() -> bool:
    """Tell whether files were loaded that can be built from."""
    with db.connect() as connection:
        releases.prepare(connection)
        return bool(raw.landed_systems(connection))


def _print_held(amiss: list[releases.Amiss]) -> None:
    for held in (each for each in amiss if each.held_because):
        release = held.reads_release
        reads = f"still reads release {release}" if release else "has nothing to read"
        click.echo(f"{held.tenant} {reads}: {held.held_because}")


@main.command("sync")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@click.option("--verify", is_flag=True, help="Compare every landed row with its source.")
@JSON
def sync_command(accept_deletions: bool, verify: bool, as_json: bool) -> None:
    """Land what changed in the sources, without building."""
    landings = landing_only.from_sources(
        _with_sources(), db.dsn(), accept_deletions=accept_deletions, verify=verify
    )
    changed = [
        each for each in landings if each.is_change or each.notices or (as_json and each.absent)
    ]
    print_rows(
        [
            {
                "source": landing.source,
                "table": landing.table.source_name,
                "landed": landing.landed,
                "deleted": landing.deleted,
                "quarantined": landing.quarantined,
                "read by": landing.rule,
                **(_further(landing) if as_json else {}),
            }
            for landing in changed
        ],
        as_json,
        empty="nothing new",
    )
    if not as_json:
        for line in (*sync.notices(landings), *sync.absences(landings)):
            click.echo(line)


def _further(landing: Landing) -> dict[str, object]:
    return {"refusal": landing.refusal, "notices": landing.notices, "absent": landing.absent}


@main.command("audit")
@JSON
def audit_command(as_json: bool) -> None:
    """Test the whole history of the last release.

    A build tests what it changed.
    """
    results = reaudit.audit(db.dsn())
    print_rows(
        [
            {"test": result.name, "status": result.status, "seconds": round(result.seconds, 2)}
            for result in results
        ],
        as_json,
    )


@main.command("status")
@JSON
def status_command(as_json: bool) -> None:
    """Show the server, the releases, the sources and what is amiss."""
    configured = settings.load()
    with db.connect() as connection:
        releases.prepare(connection)
        found = status.read(connection, configured)
    if as_json:
        click.echo(json.dumps(asdict(found), default=str))
        return
    click.echo(f"database   {found.place} (PostgreSQL {found.version}), {found.size}")
    click.echo(f"published  {_release_line(found)}")
    if found.is_abandoned:
        click.echo(f"killed     release {found.building}; the next build undoes it")
    elif found.building:
        click.echo(f"building   release {found.building}")
    click.echo(f"tenants    {_tenants_line(found)}")
    click.echo(f"readers    {found.readers}\n")
    print_rows(
        [
            {name: value for name, value in asdict(source).items() if name != "absent"}
            for source in found.sources
        ],
        False,
        empty="no source is configured; run `almoner demo create` or name one in almoner.yml",
    )
    for source in found.sources:
        if source.absent:
            click.echo(absence.told(source.source, source.absent))
    if found.cursors:
        click.echo()
        print_rows([asdict(cursor) for cursor in found.cursors], False)
    if found.amiss:
        click.echo()
        print_rows([asdict(tenant) for tenant in found.amiss], False)
        click.echo("\nWhy: `almoner export set_aside_rows --tenant T --out -` for rows set aside,")
        click.echo("`almoner releases show N` for a tenant that an audit holds")


def _release_line(found: status.Status) -> str:
    if found.release is None:
        return "nothing yet; run `almoner build`"
    back = f", back from release {found.newest}" if found.newest != found.release else ""
    return f"release {found.release} at {found.published_at:%Y-%m-%d %H:%M:%S} UTC{back}"


def _tenants_line(found: status.Status) -> str:
    more = " … (`almoner status --json` lists all)" if found.tenants[SHOWN_TENANTS:] else ""
    names = ", ".join(found.tenants[:SHOWN_TENANTS])
    return f"{len(found.tenants):,}: {names}{more}" if names else "none"
