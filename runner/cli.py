"""The `almoner` command. Each command parses, calls one function and prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from runner import (
    access,
    build,
    db,
    exports,
    marts,
    progress,
    project,
    publication,
    releases,
    scaffold,
    server,
    settings,
    status,
)
from runner.errors import AlmonerError, ConfigError

DATE = click.DateTime(formats=["%Y-%m-%d"])
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Commands(click.Group):
    """A group that prints an AlmonerError as message and hint, and exits with its code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AlmonerError as error:
            if ctx.params.get("as_json") or "--json" in sys.argv:
                click.echo(json.dumps(error.as_dict()))
            click.echo(f"error: {error.message}", err=True)
            if error.hint:
                click.echo(f"hint:  {error.hint}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; the last published release is untouched", err=True)
            sys.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="almoner")
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path),
    help="The project's directory; default: this one or the next above that has one.",
)
def main(project_dir: Path | None) -> None:
    """Almoner: report marts from hospital and box-office systems, on PostgreSQL."""
    if project_dir:
        project.use(project_dir)


# -- build -----------------------------------------------------------------------------------


@main.command("build")
@click.option("--full", is_flag=True, help="Recompute every model; only differences are released.")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@JSON
def build_command(full: bool, accept_deletions: bool, as_json: bool) -> None:
    """Make a release: sync, run dbt, audit, publish."""
    configured = settings.load()
    if not configured.sources:
        raise ConfigError(
            "no source is configured",
            "run `almoner demo create`, or name one in almoner.yml (see almoner.example.yml)",
        )
    report = progress.reporter(as_json)
    try:
        outcome = build.Builder(configured, db.dsn()).build(
            report, accept_deletions=accept_deletions, full=full
        )
    finally:
        if isinstance(report, progress.Terminal):
            report.close()
    if as_json:
        click.echo(json.dumps({"event": "done", **asdict(outcome)}))
    elif outcome.release is None:
        click.echo(f"nothing new: release {outcome.current} stands ({outcome.seconds:.1f} s)")
    else:
        click.echo(
            f"published release {outcome.release} to {outcome.tenants} tenants: "
            f"{outcome.rows_landed:,} rows landed, {outcome.rows_deleted:,} deleted, "
            f"{outcome.nodes} nodes, {outcome.tests} tests ({outcome.seconds:.1f} s)"
        )


@main.command("sync")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@JSON
def sync_command(accept_deletions: bool, as_json: bool) -> None:
    """Land what changed in the sources, without building."""
    landings = build.land(settings.load(), db.dsn(), accept_deletions=accept_deletions)
    changed = [landing for landing in landings if landing.is_change]
    _print_rows(
        [
            {
                "source": landing.source,
                "table": landing.table.source_name,
                "landed": landing.landed,
                "deleted": landing.deleted,
                "quarantined": landing.quarantined,
            }
            for landing in changed
        ],
        as_json,
        empty="nothing new",
    )


@main.command("status")
@JSON
def status_command(as_json: bool) -> None:
    """Show the server, the releases and how fresh each source is."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = status.read(connection)
    if as_json:
        click.echo(json.dumps(asdict(found), default=str))
        return
    click.echo(f"database   {found.place} (PostgreSQL {found.version}), {found.size}")
    click.echo(f"published  {_release_line(found)}")
    if found.building:
        click.echo(f"building   release {found.building}")
    click.echo(f"tenants    {found.tenants}, readers {found.readers}")
    _print_rows(found.sources, False, empty="no source has been read yet")


def _release_line(found: status.Status) -> str:
    if found.release is None:
        return "nothing yet; run `almoner build`"
    return f"release {found.release} at {found.published_at:%Y-%m-%d %H:%M:%S} UTC"


# -- releases --------------------------------------------------------------------------------


@main.group("releases")
def releases_group() -> None:
    """List releases, look into one, go back to one."""


@releases_group.command("list")
@JSON
def releases_list(as_json: bool) -> None:
    """List every release, the newest first."""
    with db.connect() as connection:
        releases.prepare(connection)
        _print_rows(releases.listing(connection), as_json, empty="no release yet")


@releases_group.command("show")
@click.argument("release", type=int)
@JSON
def releases_show(release: int, as_json: bool) -> None:
    """Show one release: what it landed and what it changed."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = releases.find(connection, release)
        landed = releases.landings(connection, release)
        changed = status.changed_rows(connection, release)
    if as_json:
        click.echo(json.dumps({**found, "landings": landed, "changes": changed}, default=str))
        return
    for name, value in found.items():
        click.echo(f"{name:18} {_shown(value)}")
    click.echo()
    _print_rows(landed, False, empty="nothing landed")
    click.echo()
    _print_rows(changed, False, empty="no figure changed")


@releases_group.command("rollback")
@click.option("--to", "to", type=int, help="A published release; default: the one before.")
def releases_rollback(to: int | None) -> None:
    """Let every tenant read an earlier release again."""
    with db.connect() as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            target = to if to is not None else releases.before_current(connection)
            tenants = publication.rollback(connection, target)
    click.echo(f"{tenants} tenants read release {target} now; the next build goes forward again")


# -- marts and exports -----------------------------------------------------------------------


@main.command("marts")
@click.argument("name", required=False)
@JSON
def marts_command(name: str | None, as_json: bool) -> None:
    """List the marts, or one of them with its columns."""
    with db.connect() as connection:
        releases.prepare(connection)
        found = [marts.find(connection, name)] if name else marts.listing(connection)
    if as_json:
        click.echo(json.dumps([asdict(mart) for mart in found], default=str))
        return
    if name:
        mart = found[0]
        click.echo(f"{mart.name}: {mart.description}\n")
        click.echo(f"grain      {', '.join(mart.grain)}")
        click.echo(f"freshness  release {mart.changed_in} at {_shown(mart.changed_at)}\n")
        _print_rows([asdict(column) for column in mart.columns], False)
        return
    _print_rows(
        [
            {
                "mart": mart.name,
                "description": mart.description.split(". ")[0].rstrip("."),
                "grain": ", ".join(mart.grain),
                "columns": len(mart.columns),
                "changed_in": mart.changed_in,
                "changed_at": mart.changed_at,
            }
            for mart in found
        ],
        False,
        empty="no mart is published; run `almoner build`",
    )


@main.command("export")
@click.argument("mart")
@click.option("--tenant", required=True, help="Whose rows.")
@click.option("--from", "first", type=DATE, help="First date, inclusive.")
@click.option("--to", "last", type=DATE, help="Last date, inclusive.")
@click.option("--as-of", "as_of", type=DATE, help="The day, for marts that hold for a day.")
@click.option("--format", "file_format", type=click.Choice(["csv"]), default="csv")
@click.option("--out", required=True, help="A file, or - for standard output.")
def export_command(
    mart: str,
    tenant: str,
    first: datetime | None,
    last: datetime | None,
    as_of: datetime | None,
    file_format: str,
    out: str,
) -> None:
    """Write a mart's rows of one tenant to a file, with a manifest beside it."""
    if as_of and (first or last):
        raise ConfigError("--as-of goes without --from and --to", "leave one of them out")
    request = exports.Request(mart, tenant, _day(as_of or first), _day(as_of or last), file_format)
    with db.connect() as connection:
        releases.prepare(connection)
        if out == "-":
            manifest = exports.export(connection, request, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            manifest = exports.export_file(connection, request, Path(out))
    click.echo(
        f"{manifest.rows:,} rows of {mart} for {tenant} at release {manifest.release}, "
        f"sha256 {manifest.sha256}",
        err=True,
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


# -- access ----------------------------------------------------------------------------------


@main.group("access")
def access_group() -> None:
    """Make and remove the logins of readers."""


@access_group.command("grant")
@click.option("--tenant", required=True, help="The tenant the login is bound to.")
@click.option("--login", help="Its name; default: an opaque one.")
@JSON
def access_grant(tenant: str, login: str | None, as_json: bool) -> None:
    """Make a BI login that sees one tenant's marts and nothing else."""
    with db.connect() as connection:
        releases.prepare(connection)
        made = access.grant(connection, db.dsn(), tenant, login)
    if as_json:
        click.echo(json.dumps(asdict(made)))
        return
    click.echo(f"login     {made.login}")
    click.echo(f"tenant    {made.tenant}")
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
        _print_rows(access.listing(connection), as_json, empty="no login yet")


@access_group.command("check")
@JSON
def access_check(as_json: bool) -> None:
    """Look for any open lock between tenants; exit code 4 if there is one."""
    with db.connect() as connection:
        releases.prepare(connection)
        faults = db.rows(connection, db.script("gate"))
    _print_rows(faults, as_json, empty="every lock is closed")
    if faults:
        sys.exit(4)


# -- the embedded server ---------------------------------------------------------------------


@main.group("db")
def db_group() -> None:
    """The embedded PostgreSQL server."""


@db_group.command("start")
def db_start() -> None:
    """Start the server; the first time, make it."""
    embedded = _embedded()
    started = embedded.start()
    click.echo(f"{'started' if started else 'runs already'}: {db.place(embedded.dsn())}")


@db_group.command("stop")
def db_stop() -> None:
    """Stop the server."""
    click.echo("stopped" if _embedded().stop() else "it did not run")


@db_group.command("status")
def db_status() -> None:
    """Tell whether the server runs; exit code 3 if not."""
    embedded = _embedded()
    if not embedded.is_running():
        click.echo("not running")
        sys.exit(3)
    click.echo(f"runs at {db.place(embedded.dsn())}, data in {embedded.data}")


@db_group.command("psql", context_settings={"ignore_unknown_options": True})
@click.option("--database", help="Another database of the same server.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def db_psql(database: str | None, arguments: tuple[str, ...]) -> None:
    """Open psql on Almoner's database; arguments after -- go to psql."""
    url = db.dsn()
    if database:
        url = db.with_database(url, database)
    program = str(server.embedded().binaries / "psql")
    environment, place = db.without_password(url)
    sys.exit(
        subprocess.run(
            [program, place, *arguments], env={**os.environ, **environment}, check=False
        ).returncode
    )


@db_group.command("create")
@click.argument("database")
def db_create(database: str) -> None:
    """Make an empty database beside Almoner's own, to restore a source's dump into."""
    db.create_database(database)
    click.echo(f"created {database}; name it in almoner.yml as `database: {database}`")


@db_group.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def db_reset(yes: bool) -> None:
    """Erase the embedded server with all its databases."""
    if not yes:
        click.confirm("Erase every database of the embedded server?", abort=True)
    _embedded().reset()
    settings.demo_file().unlink(missing_ok=True)
    click.echo("erased")


def _embedded() -> server.Server:
    if settings.load().database:
        raise ConfigError(
            "a server of your own is configured (almoner.yml or ALMONER_DSN)",
            "use its own tools, or unset it to use the embedded server",
        )
    return server.embedded()


# -- demo and scaffolding --------------------------------------------------------------------


@main.group("demo")
def demo_group() -> None:
    """A demonstration hospital group, in a database beside Almoner's own."""


@demo_group.command("create")
@click.option("--tenants", type=click.IntRange(1, 10_000), default=3, show_default=True)
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True)
@click.option("--visits-per-day", type=click.IntRange(1, 20_000), default=60, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def demo_create(tenants: int, days: int, visits_per_day: int, seed: int) -> None:
    """Fill the demo's operational database anew, and name it as source `demo`."""
    from runner.demo import command

    made = command.create(tenants, days, visits_per_day, seed)
    click.echo(f"{sum(made.values()):,} rows in {len(made)} tables of database hms_demo")


@demo_group.command("live")
@click.option("--seed", type=int, default=1, show_default=True)
def demo_live(seed: int) -> None:
    """Make the next day happen: new, late and back-dated rows, edits, deletions."""
    from runner.demo import command

    done = command.live(seed)
    click.echo(", ".join(f"{count:,} {name}" for name, count in done.items() if count))


@main.group("new")
def new_group() -> None:
    """Scaffold a part of the project."""


@new_group.command("mart")
@click.argument("name")
@click.option("--domain", default="finance", show_default=True, help="Folder of models/marts.")
def new_mart(name: str, domain: str) -> None:
    """Write the SQL and yml of a new mart, for you to make your own."""
    for path in scaffold.mart(name, domain):
        click.echo(f"wrote {path}")
    click.echo("next: write the select and, in the yml, its grain and columns; then")
    click.echo("      almoner build")
    click.echo(f"      almoner export {name} --tenant … --out -")


# -- printing --------------------------------------------------------------------------------


def _print_rows(found: list[Any], as_json: bool, empty: str = "none") -> None:
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    if not found:
        click.echo(empty)
        return
    if not sys.stdout.isatty():
        names = list(found[0])
        click.echo("\t".join(names))
        for row in found:
            click.echo("\t".join(_shown(row[name]) for name in names))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, value in found[0].items():
        table.add_column(name, justify="right" if isinstance(value, int) else "left")
    for row in found:
        table.add_row(*(_shown(value) for value in row.values()))
    Console().print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)
