"""Builds killed at random points: a backend, the server or the runner, by kill -9."""

from __future__ import annotations

import os
import random
import signal
import time

import psycopg

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from bench.reliability.readers import Reader, mixed
from bench.reliability.runners import Run

VICTIMS = ("backend", "server", "runner")


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
        answer = ground.runners.start().wait()
        tally.most("s to recover at most", time.monotonic() - begun)
    tally.expect("error" not in answer, f"{told}: the next build failed: {answer}")
    tally.expect(time.monotonic() - begun < 30, f"{told}: recovery took over 30 s")
    tally.count("readings of all marts", len(reader.answers))
    tally.count("connections lost by the reader", reader.lost)
    tally.complaints += [f"{told}: a reader got {error}" for error in reader.errors]
    tally.complaints += [
        f"{told}: {wrong}" for wrong in mixed(reader.answers, ground.before, ground.after)
    ]
    grounds.judge(ground, tally, told)


def _kill(ground: Ground, build: Run, victim: str, chance: random.Random) -> bool:
    if victim == "runner":
        build.signal(signal.SIGKILL)
        return True
    if victim == "server":
        ground.kill_server()
        return True
    with psycopg.connect(grounds.superuser(ground.running)) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity where datname = %s and usename = 'almoner'"
            " and backend_type = 'client backend'",
            (grounds.name_of(ground.target),),
        ).fetchall()
    if not found:
        return False
    os.kill(chance.choice(found)[0], signal.SIGKILL)
    return True
