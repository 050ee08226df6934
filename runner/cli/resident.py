"""How the process that builds again and again is run, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import click

from runner import db, progress, watch
from runner.build import Builder, Outcome
from runner.settings import Settings
from runner.tables import counted


def run(load: Callable[[], Settings], every: int, show: Callable[[Outcome], None] | None) -> None:
    """Build until a signal ends it, which undoes first what is half done.

    Settings are loaded for each build. `show` prints a publication; None prints JSON lines.
    """
    builder = Builder(load(), db.dsn())
    report = progress.Silent()

    def build() -> Outcome:
        builder.configure(load())
        return builder.build(report)

    tell = Lines() if show is None else Words(show)
    try:
        with builder.resident():
            watch.watch(build, tell, every, watch.Clock())
    except KeyboardInterrupt:
        tell.stopped()


@dataclass(frozen=True)
class Words:
    """Lines for people, with the time of day."""

    show: Callable[[Outcome], None]

    def built(self, outcome: Outcome) -> None:
        click.echo(f"{_now()}  ", nl=False)
        self.show(outcome)

    def failed(self, error: Exception, again_in: float) -> None:
        told = watch.told(error)
        click.echo(f"{_now()}  failed: {told['message']}; again in {again_in:.0f} s")
        if "hint" in told:
            click.echo(f"hint:  {told['hint']}")

    def idle(self, builds: int) -> None:
        click.echo(f"{_now()}  nothing new in the last {counted(builds, 'build')}")

    def stopped(self) -> None:
        click.echo(f"{_now()}  stopped; the last published release is untouched")


class Lines:
    """One JSON object a line."""

    def built(self, outcome: Outcome) -> None:
        click.echo(json.dumps({"event": "done", **asdict(outcome)}))

    def failed(self, error: Exception, again_in: float) -> None:
        click.echo(json.dumps({"event": "failed", "again_in": again_in, **watch.told(error)}))

    def idle(self, builds: int) -> None:
        click.echo(json.dumps({"event": "idle", "builds": builds}))

    def stopped(self) -> None:
        click.echo(json.dumps({"event": "stopped"}))


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
