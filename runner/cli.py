"""The `almoner` command. Each command parses, calls one function and prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import click

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
    tables,
)
from runner.errors import AlmonerError, ConfigError

SHOWN_TENANTS = 8

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

SEED = click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same rows."
)


def _date(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Read a date as ISO 8601 writes it."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date such as 2026-10-31.") from error


class Commands(click.Group):
    """A group that prints an AlmonerError as message and hint, and exits with its code."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[f"{__name__}.as_json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AlmonerError as error:
            self._tell(ctx, error)
        except OSError as error:
            if error.filename is None:
                raise  # a closed pipe is click's business
            place = f"cannot use {error.filename}: {error.strerror}"
            self._tell(ctx, ConfigError(place, f"`ls -ld {error.filename}` shows who may"))
        except KeyboardInterrupt:
            click.echo("interrupted; the last published release is untouched", err=True)
            sys.exit(130)

    def _tell(self, ctx: click.Context, error: AlmonerError) -> NoReturn:
        if ctx.meta[f"{__name__}.as_json"]:
            click.echo(json.dumps(error.as_dict()))
        click.echo(f"error: {error.message}", err=True)
        click.echo(f"hint:  {error.hint}", err=True)
        sys.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="almoner")
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path),
    help="The project's directory; default: this one or the next above that has one.",
)
def main(project_dir: Path | None) -> None:
    """Almoner: report marts from hospital and box-office systems, on PostgreSQL.

    To see it work: almoner demo create, almoner build, almoner marts.
    """
    # whoever stops a build by a signal stops it as Ctrl-C does: what it wrote is undone
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if project_dir:
        project.use(project_dir)


# -- build -----------------------------------------------------------------------------------


@main.command("build")
@click.option("--full", is_flag=True, help="Recompute every model; only differences are released.")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@JSON
def build_command(full: bool, accept_deletions: bool, as_json: bool) -> None:
    """Make a release: sync, run dbt, audit, publish."""
    configured = _with_sources()
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
        click.echo(f"nothing new: {_standing(outcome)} ({outcome.seconds:.1f} s)")
    else:
        told = (
            f"published release {outcome.release} to {tables.counted(outcome.tenants, 'tenant')}: "
            f"{tables.counted(outcome.rows_landed, 'row')} landed, "
            f"{outcome.rows_deleted:,} deleted, {tables.counted(outcome.nodes, 'node')}, "
            f"{tables.counted(outcome.tests, 'test')} ({outcome.seconds:.1f} s)"
        )
        click.echo(tables.paragraph(told))
        _print_amiss(outcome.amiss)


def _standing(outcome: build.Outcome) -> str:
    if outcome.current == outcome.read:
        return f"release {outcome.current} stands"
    return (
        f"tenants go on reading release {outcome.read}; "
        f"`almoner releases rollback --to {outcome.current}` takes them to the newest"
    )


def _with_sources() -> settings.Settings:
    configured = settings.load()
    if not configured.sources:
        raise ConfigError(
            "no source is configured",
            "run `almoner demo create`, or name one in almoner.yml (see almoner.example.yml)",
        )
    return configured


def _print_amiss(amiss: list[releases.Amiss]) -> None:
    for held in (each for each in amiss if each.held_because):
        release = held.reads_release
        reads = f"still reads release {release}" if release else "has nothing to read"
        click.echo(f"{held.tenant} {reads}: {held.held_because}")
    if rows := sum(each.rows_set_aside for each in amiss):
        click.echo(f"{tables.counted(rows, 'row')} set aside: see `almoner status`")


@main.command("sync")
@click.option("--accept-deletions", is_flag=True, help="Go on if many source rows vanished.")
@JSON
def sync_command(accept_deletions: bool, as_json: bool) -> None:
    """Land what changed in the sources, without building."""
    landings = build.land(_with_sources(), db.dsn(), accept_deletions=accept_deletions)
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


@main.command("audit")
@JSON
def audit_command(as_json: bool) -> None:
    """Test the whole history of the last release.

    A build tests what it changed.
    """
    results = build.audit(db.dsn())
    _print_rows(
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
    _print_rows(
        [asdict(source) for source in found.sources],
        False,
        empty="no source is configured; run `almoner demo create` or name one in almoner.yml",
    )
    if found.amiss:
        click.echo()
        _print_rows([asdict(tenant) for tenant in found.amiss], False)
        click.echo("\n`almoner export set_aside_rows --tenant T --out -` gives the reasons, of a")
        click.echo("tenant that is held back once it is mended")


def _release_line(found: status.Status) -> str:
    if found.release is None:
        return "nothing yet; run `almoner build`"
    back = f", back from release {found.newest}" if found.newest != found.release else ""
    return f"release {found.release} at {found.published_at:%Y-%m-%d %H:%M:%S} UTC{back}"


def _tenants_line(found: status.Status) -> str:
    more = " … (`almoner status --json` lists all)" if found.tenants[SHOWN_TENANTS:] else ""
    names = ", ".join(found.tenants[:SHOWN_TENANTS])
    return f"{len(found.tenants):,}: {names}{more}" if names else "none"


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
        found = releases.listing(connection)
    if not as_json:
        found = [_release_row(row) for row in found]
        if not any(row["reason"] for row in found):
            found = [{name: row[name] for name in row if name != "reason"} for row in found]
    _print_rows(found, as_json, empty="no release yet; run `almoner build`")


def _release_row(row: dict[str, Any]) -> dict[str, Any]:
    """Leave the time it took in place of the time it ended, to fit on a line."""
    ended = row["finished_at"]
    took = f"{(ended - row['started_at']).total_seconds():.1f} s" if ended else ""
    shown = {"release_id": row["release_id"], "state": row["state"]}
    shown |= {"started_at": row["started_at"], "took": took}
    shown |= {name: row[name] for name in row if name not in (*shown, "finished_at")}
    return shown | {"reason": " ".join((row["reason"] or "").split())}


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
        if value is not None:
            title = TITLES.get(name, name.replace("_", " "))
            click.echo(f"{title:15} {tables.cell(value, title)}")
    click.echo()
    _print_rows(landed, False, empty="nothing landed")
    click.echo()
    _print_rows(changed, False, empty="no figure changed")


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
        click.echo(f"{tables.paragraph(f'{mart.name}: {mart.description}')}\n")
        click.echo(f"grain      {', '.join(mart.grain)}")
        if mart.changed_in:
            changed_at = tables.cell(mart.changed_at)
            click.echo(f"freshness  changed by release {mart.changed_in} at {changed_at} UTC")
        click.echo()
        _print_rows([asdict(column) for column in mart.columns], False)
        return
    _print_rows(
        [
            {
                "mart": mart.name,
                "by": mart.date_column,
                "changed_in": mart.changed_in,
                "description": mart.description.split(". ")[0].rstrip("."),
            }
            for mart in found
        ],
        False,
        empty="no mart is published; run `almoner build`",
    )
    if found:
        click.echo("\n`almoner marts NAME` lists the columns of one")


@main.command("export")
@click.argument("mart")
@click.option("--tenant", required=True, help="Whose rows.")
@click.option(
    "--from", "first", metavar="YYYY-MM-DD", callback=_date, help="First date, inclusive."
)
@click.option("--to", "last", metavar="YYYY-MM-DD", callback=_date, help="Last date, inclusive.")
@click.option(
    "--as-of",
    "as_of",
    metavar="YYYY-MM-DD",
    callback=_date,
    help="The day, for marts that hold for a day.",
)
@click.option(
    "--format", "file_format", type=click.Choice(["csv"]), default="csv", show_default=True,
    help="How the file is written.",
)  # fmt: skip
@click.option("--out", required=True, help="A file, or - for standard output.")
def export_command(
    mart: str,
    tenant: str,
    first: date | None,
    last: date | None,
    as_of: date | None,
    file_format: str,
    out: str,
) -> None:
    """Write one tenant's rows of a mart to a file.

    Beside the file a manifest tells the release, the rows and the sha256. Text that a
    spreadsheet would run as a formula begins with a quote (README, Exports).
    """
    if as_of and (first or last):
        raise ConfigError(
            "--as-of goes without --from and --to",
            f"`almoner export {mart} --tenant {tenant} --as-of {as_of} --out {out}`",
        )
    request = exports.Request(mart, tenant, as_of or first, as_of or last, file_format)
    with db.connect() as connection:
        releases.prepare(connection)
        if out == "-":
            manifest = exports.export(connection, request, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            manifest = exports.export_file(connection, request, Path(out))
    click.echo(
        f"{tables.counted(manifest.rows, 'row')} of {mart} for {tenant} "
        f"at release {manifest.release}, sha256 {manifest.sha256}",
        err=True,
    )


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
        _print_rows(
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
        click.echo("not running; `almoner db start` starts it")
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
    """Make an empty database, to restore a source's dump into."""
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
            "use its own tools, or `unset ALMONER_DSN` and leave database out of almoner.yml to"
            " use the embedded server",
        )
    return server.embedded()


# -- demo and scaffolding --------------------------------------------------------------------


@main.group("demo")
def demo_group() -> None:
    """A demonstration hospital group, to try things on."""


@demo_group.command("create")
@click.option("--tenants", type=click.IntRange(1, 10_000), default=3, show_default=True,
              help="Hospitals.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True,
              help="Days of life.")  # fmt: skip
@click.option("--visits-per-day", type=click.IntRange(1, 20_000), default=60, show_default=True,
              help="Visits of each hospital.")  # fmt: skip
@SEED
def demo_create(tenants: int, days: int, visits_per_day: int, seed: int) -> None:
    """Make the hospitals anew, as source `demo`."""
    from runner.demo import command

    made = command.create(tenants, days, visits_per_day, seed)
    click.echo(f"{sum(made.values()):,} rows in {len(made)} tables of database hms_demo")
    click.echo("next: `almoner build`")


@demo_group.command("live")
@SEED
def demo_live(seed: int) -> None:
    """Make the next day happen: new rows, late ones, edits, deletions."""
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

# what a column is called on a terminal, where that is not its name
TITLES = {
    "release_id": "release",
    "table_name": "table",
    "source_id": "source",
    "row_count": "rows",
    "tenant_count": "tenants",
    "rows_landed": "landed",
    "rows_deleted": "deleted",
    "rows_quarantined": "set aside",
    "quarantined": "set aside",
    "rows_added": "added",
    "rows_superseded": "superseded",
    "data_type": "type",
    "changed_in": "release",
    "read_at": "read (UTC)",
    "started_at": "started (UTC)",
    "finished_at": "finished (UTC)",
    "granted_at": "granted (UTC)",
}


def _print_rows(found: Sequence[Mapping[str, Any]], as_json: bool, empty: str = "none") -> None:
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    if not found:
        click.echo(empty)
        return
    names = [TITLES.get(name, name.replace("_", " ")) for name in found[0]]
    click.echo(tables.text(names, [list(row.values()) for row in found]))
