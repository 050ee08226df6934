"""Syncs of a source that many writers change all the while: nothing missed, stale or ghostly."""

from __future__ import annotations

import time

import psycopg

from bench.reliability import ground as grounds
from bench.reliability import landed
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from bench.reliability.writers import Writers
from runner import landing_only
from runner.errors import AlmonerError
from runner.settings import Settings, Source


def run(
    ground: Ground, size: int, seed: int, *, seconds: float = 120, writers: int = 20
) -> Measured:
    """Let writers loose for `seconds`, with `size` seeds from `seed` on, and sync meanwhile."""
    done = f"seeds × {seconds:g} s, {writers} writers"
    tally = Tally("extraction stress", done, seed)
    for each in range(seed, seed + size):
        _one(ground, tally, each, seconds, writers)
    return tally.measured(size)


def _one(ground: Ground, tally: Tally, seed: int, seconds: float, number: int) -> None:
    name = "proof_stress"
    source = grounds.create(ground.running, name, grounds.name_of(ground.source))
    ground.renew()
    settings = Settings(sources={landed.NAME: Source(system="hms", dsn=source)})

    def sync() -> int:
        try:
            landings = landing_only.from_sources(settings, ground.target, accept_deletions=True)
        except AlmonerError as error:
            tally.complaints.append(f"seed {seed}: {error.message}")
            return 0
        tally.count("syncs")
        tally.count("rows deleted in raw", sum(landing.deleted for landing in landings))
        return sum(landing.landed for landing in landings)

    sync()
    until = time.monotonic() + seconds
    with Writers(grounds.superuser(ground.running, name), number, seed) as writers:
        while time.monotonic() < until:
            tally.count("rows landed meanwhile", sync())
    tally.count("rows landed at the end", sync())
    found = landed.compare(source, ground.target)
    tally.expect(not found.size, f"seed {seed}: {found}")
    tally.counts.update(writers.counts)
    tally.complaints += writers.errors
    with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as connection:
        grounds.drop(connection, name)
