"""Commands on the demonstration hospitals."""

from __future__ import annotations

import click

from runner.cli.group import main

SEED = click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same rows."
)


@main.group("demo")
def demo_group() -> None:
    """A demonstration hospital group, to try things on."""


@demo_group.command("create")
@click.option("--tenants", type=click.IntRange(1, 10_000), default=3, show_default=True,
              help="Hospitals.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True,
              help="Days of life.")  # fmt: skip
@click.option("--visits-per-day", type=click.IntRange(1, 20_000), default=40, show_default=True,
              help="Visits of each hospital.")  # fmt: skip
@SEED
@click.option("--dirty", type=click.FloatRange(0, 1), default=0, metavar="SHARE",
              help="Spoil this share of every second hospital's rows.")  # fmt: skip
def demo_create(tenants: int, days: int, visits_per_day: int, seed: int, dirty: float) -> None:
    """Make the hospitals anew, as source `demo`, with revenue targets."""
    from runner.demo import command

    made = command.create(tenants, days, visits_per_day, seed, dirty)
    click.echo(f"{sum(made.values()):,} rows in {len(made)} tables of database hms_demo")
    click.echo("next: `almoner build`")


@demo_group.command("live")
@SEED
def demo_live(seed: int) -> None:
    """Make the next day happen: new rows, late ones, edits, deletions."""
    from runner.demo import command

    done = command.live(seed)
    click.echo(", ".join(f"{count:,} {name}" for name, count in done.items() if count))
