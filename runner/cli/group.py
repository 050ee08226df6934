"""The `almoner` command itself: it tells errors and hands over to its parts."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from runner import project
from runner.errors import AlmonerError, ConfigError


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
