"""`python -m bench`: measure builds and reads at volume and write bench/RESULTS.md.

Everything is measured in one run on one server, because only ratios travel: the work that
Almoner does stands beside what PostgreSQL alone needs for the plain thing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict

from bench import (
    builds,
    changes,
    every_mart,
    exports,
    grounds,
    history,
    landing,
    places,
    reads,
    record,
    screens,
)
from bench.grounds import Ground
from bench.measured import Result
from bench.volumes import Volume

HERE = Path(__file__).resolve().parent
DATABASE = "almoner_bench"
FULL = Volume(100, 365, 20)
# in this order: changed models stay changed, and history drops what it made
MEASUREMENTS: dict[str, Callable[[Ground], list[Result]]] = {
    "first_build": builds.first_build,
    "new_day": builds.new_day,
    "scattered_edits": builds.scattered_edits,
    "nothing_new": builds.nothing_new,
    "month": reads.month,
    "group_month": reads.group_month,
    "every_mart": every_mart.every_mart,
    "many_connections": reads.many_connections,
    "exports": exports.exports,
    "syncs": landing.syncs,
    "twice_the_history": history.twice,
    "changed_models": changes.changed_models,
    "screens": screens.screens,
}


@click.command()
@click.option(
    "--only", "names", multiple=True, type=click.Choice(list(MEASUREMENTS)), help="By name."
)
@click.option("--tenants", default=FULL.tenants, show_default=True)
@click.option("--days", default=FULL.days, show_default=True)
@click.option("--visits-per-day", default=FULL.visits_per_day, show_default=True)
@click.option(
    "--source",
    help="A generated source, copied and measured on its server: a URL, or a database of the"
    " embedded server in ALMONER_STATE.",
)
@click.option("--longer", help="Database of that server with twice the days, to be copied too.")
@click.option(
    "--out", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Directory of results.json and RESULTS.md; at the full volume bench/.",
)  # fmt: skip
def main(
    names: tuple[str, ...],
    tenants: int,
    days: int,
    visits_per_day: int,
    source: str | None,
    longer: str | None,
    out: Path | None,
) -> None:
    """Measure and print; write the results of the full volume, or where --out says.

    A measurement that is run --only takes the place of its last results and leaves the others.
    """
    if longer and not source:
        raise click.UsageError("--longer goes with --source")
    volume = Volume(tenants, days, visits_per_day)
    if not source:
        _before(volume, kept_in(volume, out))
    measurements = dict(MEASUREMENTS)
    measurements["twice_the_history"] = partial(history.twice, database=longer)
    with places.found(source) as place:
        if source:
            ground = grounds.copied(place, DATABASE, _database(source))
        else:
            ground = grounds.generated(place, DATABASE, volume)
        try:
            kept = _kept(ground, kept_in(ground.volume, out))
            for name in names or MEASUREMENTS:
                click.echo(f"{name} …")
                kept(name, measurements[name](ground))
        finally:
            grounds.dropped(ground)


def kept_in(volume: Volume, out: Path | None) -> Path | None:
    """Give the directory of the results; a small volume has none unless it is named."""
    return out or (HERE if volume == FULL else None)


def _before(volume: Volume, out: Path | None) -> record.Record | None:
    """Read what was measured before; refuse to mix it with another volume's."""
    before = record.read(out) if out else None
    if before and before.volume != str(volume):
        raise click.UsageError(f"{out}/results.json is of {before.volume}: name another --out")
    return before


def _database(source: str) -> str:
    return str(conninfo_to_dict(source)["dbname"]) if places.is_url(source) else source


def _kept(ground: Ground, out: Path | None) -> Callable[[str, list[Result]], None]:
    """Give what prints a measurement's results, and writes them where they belong."""
    before = _before(ground.volume, out)
    now = record.Record(
        str(ground.volume), ground.rows,
        results=before.results if before else {}, dates=before.dates if before else {},
    )  # fmt: skip

    def keep(name: str, results: list[Result]) -> None:
        for result in results:
            click.echo(str(result))
        now.keep(name, results)
        if out:
            now.write(out, list(MEASUREMENTS))

    return keep


if __name__ == "__main__":
    main()
