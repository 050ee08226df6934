"""Twice the history: what a new day costs must not grow with it."""

from __future__ import annotations

from dataclasses import replace

from bench import builds, grounds
from bench.grounds import Ground
from bench.measured import Result


def twice(ground: Ground, database: str | None = None) -> list[Result]:
    """Build after a new day with twice the days, generated or copied from another database."""
    name = f"{ground.name}_twice"
    if database:
        longer = grounds.copied(ground.place, name, database)
    else:
        volume = replace(ground.volume, days=2 * ground.volume.days)
        longer = grounds.generated(ground.place, name, volume)
    try:
        once = builds.new_days(ground)
        again = builds.new_days(longer)
        days, times = longer.volume.days, longer.volume.days / ground.volume.days
        return [
            Result(
                f"build after one new day with {times:g} × the history, in process",
                builds.median(again), against="the same with the history once",
                yardstick=builds.median(once), most=1.2,
                note=f"{days} days; {builds.told(again[-1])}",
            ),
            Result(
                f"first build with {times:g} × the history", longer.first.seconds,
                against="the same with the history once", yardstick=ground.first.seconds,
            ),
        ]  # fmt: skip
    finally:
        grounds.dropped(longer)
