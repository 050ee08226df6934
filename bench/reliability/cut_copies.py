"""Syncs whose stream from the source is cut at a random byte: all of one state, or of the next."""

from __future__ import annotations

import random
from dataclasses import dataclass

import psycopg

from bench.reliability import ground as grounds
from bench.reliability import landed
from bench.reliability import proxy as proxies
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from runner import landing_only
from runner.errors import DatabaseError
from runner.settings import Settings, Source


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Cut `size` syncs, each at a random byte of what a whole one reads, and sync again."""
    tally = Tally("cut copies", "copies cut at random bytes", seed)
    chance = random.Random(seed)
    source = grounds.create(ground.running, "proof_cut", grounds.name_of(ground.source))
    ground.renew()
    with proxies.before(source) as proxy:
        through = _settings(proxy.url(source))
        proxy.watch = whole = Meter(None)
        landing_only.from_sources(through, ground.target, accept_deletions=True)
        tally.most("bytes of a whole sync", whole.seen)
        for number in range(size):
            _change(source, ground.target, chance, is_whole=number % 4 != 0)
            # a sync of what changed reads little: cut that early
            reach = whole.seen if number % 4 else whole.seen // 20
            proxy.watch = Meter(chance.randrange(reach))
            _cut(ground, tally, through, proxy)
            landing_only.from_sources(through, ground.target, accept_deletions=True)
            found = landed.compare(source, ground.target)
            tally.expect(not found.size, f"round {number}: after the next sync {found}")
    with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as connection:
        grounds.drop(connection, "proof_cut")
    return tally.measured(size)


@dataclass
class Meter:
    """Counts what comes from the source, and cuts at a byte; None: never."""

    cut_at: int | None
    seen: int = 0

    def __call__(self, is_to_server: bool, block: bytes) -> proxies.Verdict:
        """Judge a block; once it has cut, everything passes."""
        if is_to_server:
            return None
        self.seen += len(block)
        if self.cut_at is None or self.seen <= self.cut_at:
            return None
        passes, self.cut_at = len(block) - (self.seen - self.cut_at), None
        return passes, 0


def _cut(ground: Ground, tally: Tally, through: Settings, proxy: proxies.Proxy) -> None:
    meter = proxy.watch
    assert isinstance(meter, Meter)
    told = f"cut at byte {meter.cut_at}"
    before = landed.state(ground.target)
    try:
        landing_only.from_sources(through, ground.target, accept_deletions=True)
    except DatabaseError:
        tally.count("syncs that said so")
        is_same = landed.state(ground.target) == before
        tally.expect(is_same, f"{told}: the sync failed and left something")
    else:
        tally.count("syncs that had read everything")
        tally.expect(meter.cut_at is not None, f"{told}: cut, and the sync did not say so")
    meter.cut_at = None
    proxy.settle()


def _settings(source: str) -> Settings:
    return Settings(sources={landed.NAME: Source(system="hms", dsn=source)})


def _change(source: str, target: str, chance: random.Random, *, is_whole: bool) -> None:
    """Change some rows; `is_whole` lets the next sync read everything."""
    with psycopg.connect(source, autocommit=True) as connection:
        for table in ("patients", "payments", "invoice_items"):
            connection.execute(
                f"update hms.{table} set created_at = created_at + interval '1 microsecond'"
                " where id %% 17 = %s".encode(),
                (chance.randrange(17),),
            )
    if is_whole:
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute("update almoner.watermarks set server_identity = 'another'")
