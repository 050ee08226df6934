"""Two builders that start at the same time on one database."""

from __future__ import annotations

import random
import time

import psycopg

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Start two builders together `size` times: one publishes, the other says why it does not."""
    tally = Tally("two builders", "times two builders at once", seed)
    chance = random.Random(seed)
    for number in range(size):
        # together, or within the time that a build takes to open its release
        _round(ground, tally, number, chance.choice((0, chance.uniform(0, 0.3))))
    return tally.measured(size)


def _round(ground: Ground, tally: Tally, number: int, apart: float) -> None:
    told = f"round {number}, {apart:.2f} s apart"
    ground.renew()
    first = ground.runners.start()
    time.sleep(apart)
    second = ground.runners.start()
    answers = [build.wait() for build in (first, second)]
    published = [answer for answer in answers if answer.get("release")]
    refused = [answer for answer in answers if answer.get("error") == "publication_refused"]
    idle = [answer for answer in answers if "error" not in answer and not answer["release"]]
    tally.count("refused because another build ran", len(refused))
    tally.count("found nothing new", len(idle))
    tally.expect(len(published) == 1, f"{told}: {len(published)} published: {answers}")
    tally.expect(len(refused) + len(idle) == 1, f"{told}: the other failed: {answers}")
    with psycopg.connect(ground.target) as connection:
        states = connection.execute(
            "select count(*) filter (where state = 'published' and release_id > previous.id),"
            " count(*) filter (where state = 'building') from almoner.releases,"
            " (select min(release_id) as id from almoner.releases where state = 'published')"
            " as previous"
        ).fetchone()
    tally.expect(states == (1, 0), f"{told}: releases published and being built: {states}")
    grounds.judge(ground, tally, told)
