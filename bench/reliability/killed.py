"""Builds killed at random points: a backend, the server or the runner, by kill -9."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing, suppress
from typing import Any

import psycopg

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from bench.reliability.readers import Reader, mixed
from bench.reliability.runners import Run

VICTIMS = ("backend", "server", "runner")
RECOVERY = 30  # seconds


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Kill `size` builds, each at a random time of a build's length; readers never notice."""
    tally = Tally("killed builds", "kill -9 at random points of a build", seed)
    chance = random.Random(seed)
    for number in range(size):
        victim = VICTIMS[number % len(VICTIMS)]
        moment = chance.uniform(0, 1.1 * ground.build_seconds)
        _round(ground, tally, victim, moment, chance)
    return tally.measured(size)


def _round(
    ground: Ground, tally: Tally, victim: str, moment: float, chance: random.Random
) -> None:
    told = f"{victim} killed after {moment:.2f} s"
    ground.renew()
    with Reader(ground) as reader:
        build = ground.runners.start()
        time.sleep(moment)
        killed = build.is_alive() and _kill(ground, build, victim, chance)
        tally.count(f"{victim}s killed" if killed else "builds that ended before")
        ground.revive()
        if build.wait().get("release"):
            tally.count("published all the same")
        begun = time.monotonic()
        answer = _next_build(ground, tally, begun)
        tally.most("s to recover at most", time.monotonic() - begun)
    tally.expect("error" not in answer, f"{told}: the next build failed: {answer}")
    tally.expect(_is_in_time(begun), f"{told}: recovery took over {RECOVERY} s")
    tally.count("readings of all marts", len(reader.answers))
    tally.count("connections lost by the reader", reader.lost)
    tally.complaints += [f"{told}: a reader got {error}" for error in reader.errors]
    tally.complaints += [
        f"{told}: {wrong}" for wrong in mixed(reader.answers, ground.before, ground.after)
    ]
    grounds.judge(ground, tally, told)


def _next_build(ground: Ground, tally: Tally, begun: float) -> dict[str, Any]:
    """Build; while the server still ends a killed runner's statement, ask again as cron does."""
    answer = ground.runners.start().wait()
    while "another build is running" in answer.get("message", "") and _is_in_time(begun):
        tally.count("builds told to wait")
        time.sleep(1)
        answer = ground.runners.start().wait()
    return answer


def _is_in_time(begun: float) -> bool:
    return time.monotonic() - begun < RECOVERY


def _kill(ground: Ground, build: Run, victim: str, chance: random.Random) -> bool:
    if victim == "runner":
        build.signal(signal.SIGKILL)
        return True
    if victim == "server":
        ground.kill_server()
        return True
    connection = psycopg.connect(grounds.superuser(ground.running), autocommit=True)
    with closing(connection):
        found = connection.execute(
            "select pid from pg_stat_activity where datname = %s and usename = 'almoner'"
            " and backend_type = 'client backend'",
            (grounds.name_of(ground.target),),
        ).fetchall()
        if found:
            os.kill(chance.choice(found)[0], signal.SIGKILL)
            # the server lets new sessions in until it has noticed, and then ends all
            with suppress(psycopg.OperationalError):
                connection.execute("select pg_sleep(30)")
    return bool(found)
