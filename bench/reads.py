"""Reads by BI logins through all locks: alone, as of a past date, and two hundred at once."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from bench.grounds import Ground
from bench.measured import Result, in_turn, seconds
from runner import db, releases, roles
from runner.access import CONNECTIONS as PER_LOGIN
from runner.gates import GROUP

TEN = 10  # tenants of a group
WIDTH = 200  # connections
SPARE = 20  # that the server keeps for others
MART = "dept_revenue_daily"


def month(ground: Ground) -> list[Result]:
    """Read one tenant's month, against a plain indexed table of all tenants' rows."""
    hospital = ground.volume.hospital
    with ground.login(f"demo_{hospital}") as url:
        found = _months(ground, "one tenant's month", url, (hospital,))
        query = sql.SQL("select * from ar_aging where as_of_date = {}").format(
            sql.Literal(ground.volume.month[0])
        )
        with _reading(url, query) as read:
            past = Result("ar_aging of one tenant as of a past date", seconds(read, 20), most=0.2)
    return [*found, past]


def group_month(ground: Ground) -> list[Result]:
    """Read ten tenants' month with one login, against the same of a plain indexed table."""
    hospitals = tuple(range(1, min(TEN, ground.volume.tenants) + 1))
    role = roles.Role(GROUP, tenants=tuple(f"demo_{number}" for number in hospitals))
    with ground.login(None, role) as url:
        return _months(ground, f"{len(hospitals)} tenants' month", url, hospitals)


def _months(ground: Ground, what: str, url: str, hospitals: tuple[int, ...]) -> list[Result]:
    """Read the hospitals' month as drivers do: prepared, and planned each time."""
    found = []
    index = ("tenant_id", "business_date")
    with ground.plain.held(ground.columns(MART), _rows(ground), index) as table:
        plain = _plain_month(ground, table, hospitals)
        for how, after in (("prepared", 0), ("planned each time", None)):
            with (
                _reading(url, _month(ground), after) as read,
                _reading(ground.source, plain, after) as yardstick,
            ):
                took, beside = in_turn(read, yardstick, 200)
            told = f"{what} of {MART} under all locks, {how}"
            against = "a plain indexed table of the mart's rows"
            found.append(Result(told, took, "s", against, beside, most=2))
    return found


def _rows(ground: Ground) -> Iterator[bytes]:
    """Give the mart's rows of every tenant as CSV."""
    with db.connect(ground.ready().target) as connection:
        for number in range(1, ground.volume.tenants + 1):
            with connection.transaction(), connection.cursor() as cursor:
                releases.read_as(connection, f"demo_{number}", None)
                statement = sql.SQL("copy (select * from {}) to stdout (format csv)").format(
                    sql.Identifier("marts", MART)
                )
                with cursor.copy(statement) as copy:
                    yield from map(bytes, copy)


def _plain_month(
    ground: Ground, table: sql.Identifier, hospitals: tuple[int, ...]
) -> sql.Composed:
    listed = sql.SQL(", ").join(sql.Literal(f"demo_{number}") for number in hospitals)
    return sql.SQL(
        "select * from {} where tenant_id in ({}) and business_date between {} and {}"
    ).format(table, listed, *map(sql.Literal, ground.volume.month))


def _month(ground: Ground) -> sql.Composed:
    return sql.SQL("select * from {} where business_date between {} and {}").format(
        sql.Identifier(MART), *map(sql.Literal, ground.volume.month)
    )


@contextmanager
def _reading(
    url: str, query: sql.Composed, prepared_after: int | None = None
) -> Iterator[Callable[[], object]]:
    """Give what reads once over a connection that stays; None never prepares it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.prepare_threshold = prepared_after
        for _ in range(10):  # a prepared statement is planned anew five times
            connection.execute(query).fetchall()
        yield lambda: connection.execute(query).fetchall()


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
    query = _month(ground)
    for connection in connections:
        await connection.execute(query)
    begun = time.perf_counter()
    asked = [
        _reader(connection, query, load, load.every * number / len(urls))
        for number, connection in enumerate(connections)
    ]
    latencies = [each for one in await asyncio.gather(*asked) for each in one]
    took = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return latencies, took


async def _reader(
    connection: psycopg.AsyncConnection[tuple[object, ...]],
    query: sql.Composed,
    load: Load,
    delay: float,
) -> list[float]:
    """Ask again and again; where it is said when, what a read waited for its turn counts too."""
    taken = []
    due = time.perf_counter() + delay
    for _ in range(load.rounds):
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        begun = due if load.every else time.perf_counter()
        cursor = await connection.execute(query)
        await cursor.fetchall()
        taken.append(time.perf_counter() - begun)
        due += load.every
    return taken
