"""The `almoner` command itself: it tells errors and hands over to its parts."""

from __future__ import annotations

import json
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from runner import project
from runner.errors import AlmonerError, ConfigError

# the modules of each command: only those of the one that runs are imported
MODULES = {
    "access": ("access",),
    "audit": ("build",),
    "build": ("build",),
    "db": ("database",),
    "demo": ("demo",),
    "expect": ("expectations",),
    "export": ("marts",),
    "load": ("load",),
    "marts": ("marts",),
    "new": ("marts",),
    "period": ("periods",),
    "plan": ("plan",),
    "quarantine": ("quarantine",),
    "releases": ("releases", "differences", "retention"),
    "status": ("build",),
    "sync": ("build",),
    "target": ("targets",),
    "tenant": ("tenants",),
    "trace": ("trace",),
    "writeoff": ("write_offs",),
}


class Commands(click.Group):
    """A group that prints an AlmonerError as message and hint, and exits with its code."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module in MODULES.get(cmd_name, ()):
            import_module(f"runner.cli.{module}")
        return super().get_command(ctx, cmd_name)

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
