"""Builders that are stopped, overtaken by another build, and then go on."""

from __future__ import annotations

import random
import signal
import time

import psycopg
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Stop `size` builders at random points, take over, and let them wake: they write nothing."""
    tally = Tally("stalled builders", "builders stopped, overtaken and woken", seed)
    chance = random.Random(seed)
    for _ in range(size):
        _round(ground, tally, chance.uniform(0, ground.build_seconds))
    return tally.measured(size)


def _round(ground: Ground, tally: Tally, moment: float) -> None:
    told = f"stopped after {moment:.2f} s"
    ground.renew()
    stalled = ground.runners.start()
    time.sleep(moment)
    stalled.signal(signal.SIGSTOP)
    begun = time.monotonic()
    other = ground.runners.start(take_over=True).wait()
    tally.most("s until the other had published at most", time.monotonic() - begun)
    tally.expect("error" not in other, f"{told}: the other build failed: {other}")
    before = contents(ground.target)
    stalled.signal(signal.SIGCONT)
    answer = stalled.wait()
    told = f"{told}, then {answer}"
    _judge(tally, told, answer, other)
    tally.expect(contents(ground.target) == before, f"{told}: it wrote after it woke")
    grounds.judge(ground, tally, told)


def _judge(tally: Tally, told: str, answer: dict[str, object], other: dict[str, object]) -> None:
    if "error" in answer:
        tally.count("failed with an error of their own")
        is_told = answer["error"] in ("database", "publication_refused") and "hint" in answer
        tally.expect(is_told, f"{told}: the error is not told")
        tally.expect(other.get("release") is not None, f"{told}: nobody published")
        return
    tally.count("had published before they were overtaken")
    tally.expect(other.get("release") is None, f"{told}: both published: {other}")


def contents(url: str) -> dict[str, str]:
    """Digest all that a builder writes for readers and other builders: rows and definitions."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select nspname, relname from pg_class join pg_namespace nsp on nsp.oid = relnamespace"
            " where nspname in ('store', 'seeds', 'feed', 'almoner') and relkind in ('r', 'p')"
            " and not relispartition and relname not in ('watermarks', 'landings', 'releases')"
        ).fetchall()
        found = {f"{schema}.{name}": _digest(connection, schema, name) for schema, name in tables}
        views = connection.execute(
            "select md5(string_agg(schemaname || viewname || definition, ' '"
            " order by schemaname, viewname)) from pg_views"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchone()
    return {**found, "views": str(views)}


def _digest(connection: psycopg.Connection[tuple[str, ...]], schema: str, name: str) -> str:
    query = sql.SQL("select md5(string_agg(tab::text, ' ' order by tab::text)) from {} as tab")
    return str(connection.execute(query.format(sql.Identifier(schema, name))).fetchone())
