"""Reads by BI logins through all locks: alone, as of a past date, and two hundred at once."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from bench.grounds import Ground
from bench.measured import Result, seconds
from runner.access import CONNECTIONS as PER_LOGIN

WIDTH = 200  # connections
SPARE = 20  # that the server keeps for others
MONTH = "select * from dept_revenue_daily where business_date between %s and %s"
AS_OF = "select * from ar_aging where as_of_date = %s"


def month(ground: Ground) -> list[Result]:
    """Read one tenant's month, against a plain indexed table."""
    days, hospital = ground.volume.month, ground.volume.hospital
    plain = ground.plain.month((hospital,), days, 300)
    with ground.login(f"demo_{hospital}") as url, psycopg.connect(url) as connection:
        took = seconds(lambda: connection.execute(MONTH, days).fetchall(), 300)
        past = seconds(lambda: connection.execute(AS_OF, days[:1]).fetchall(), 20)
    return [
        Result(
            "one tenant's month of dept_revenue_daily under all locks", took,
            against="a plain indexed table", yardstick=plain, most=2,
        ),
        Result("ar_aging of one tenant as of a past date", past),
    ]  # fmt: skip


@dataclass(frozen=True)
class Load:
    """What readers at once ask: so many times each, and every so many seconds (0: at once)."""

    rounds: int
    every: float


FULL, PACED = Load(20, 0), Load(10, 1)


def many_connections(ground: Ground) -> list[Result]:
    """Read the month over many connections at once, and when each asks once a second."""
    width = _width(ground)
    with _logins(ground, width) as urls:
        found = [(load, *asyncio.run(_ask(urls, ground, load))) for load in (FULL, PACED)]
    results = []
    for load, latencies, took in found:
        how = "each once a second" if load.every else "as fast as they can"
        middle, late = (statistics.quantiles(latencies, n=100)[rank - 1] for rank in (50, 95))
        told = f"{len(latencies) / took:,.0f} reads a second"
        results += [
            Result(f"one tenant's month over {width} connections, {how}: p50", middle, note=told),
            Result(f"one tenant's month over {width} connections, {how}: p95", late),
        ]
    return results


def _width(ground: Ground) -> int:
    with psycopg.connect(ground.target) as connection:
        row = connection.execute("select current_setting('max_connections')::int").fetchone()
    assert row is not None
    return int(min(WIDTH, row[0] - SPARE))


@contextmanager
def _logins(ground: Ground, width: int) -> Iterator[list[str]]:
    """Give a URL for each connection, of as many tenants as logins are needed."""
    needed = -(-width // (PER_LOGIN - SPARE // 2))
    tenants = [f"demo_{1 + number % ground.volume.tenants}" for number in range(needed)]
    with ExitStack() as stack:
        urls = [stack.enter_context(ground.login(tenant)) for tenant in tenants]
        yield [urls[number % needed] for number in range(width)]


async def _ask(urls: list[str], ground: Ground, load: Load) -> tuple[list[float], float]:
    """Give the seconds of each read, and of all of them; the first of each is not counted."""
    connections = [await psycopg.AsyncConnection.connect(url, autocommit=True) for url in urls]
    days = ground.volume.month
    for connection in connections:
        await connection.execute(MONTH, days)
    begun = time.perf_counter()
    asked = [
        _reader(connection, ground, load, load.every * number / len(urls))
        for number, connection in enumerate(connections)
    ]
    latencies = [each for one in await asyncio.gather(*asked) for each in one]
    took = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return latencies, took


async def _reader(
    connection: psycopg.AsyncConnection[tuple[object, ...]],
    ground: Ground,
    load: Load,
    delay: float,
) -> list[float]:
    """Ask again and again; a read that is late does not postpone the next beyond its end."""
    taken = []
    due = time.perf_counter() + delay
    for _ in range(load.rounds):
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        begun = time.perf_counter()
        cursor = await connection.execute(MONTH, ground.volume.month)
        await cursor.fetchall()
        taken.append(time.perf_counter() - begun)
        due += load.every
    return taken
