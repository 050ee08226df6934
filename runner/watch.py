"""`almoner build --watch`: one process that builds again and again, and outlives failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from runner.build import Outcome
from runner.errors import AlmonerError

HEARTBEAT = 3600.0
SLOWEST = 10  # times the interval, between builds that fail


class Teller(Protocol):
    """What a resident build tells."""

    def built(self, outcome: Outcome) -> None:
        """Say what a build published."""

    def failed(self, error: Exception, again_in: float) -> None:
        """Say why a build failed, and in how many seconds the next one begins."""

    def idle(self, builds: int) -> None:
        """Say, once an hour, that so many builds found nothing."""


@dataclass(frozen=True)
class Clock:
    """Seconds that only grow, and a way to let them pass."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


def watch(build: Callable[[], Outcome], tell: Teller, every: float, clock: Clock) -> None:
    """Build every so many seconds until interrupted; after a failure ever later."""
    delay, idle, told = every, 0, clock.now()
    while True:
        begun = clock.now()
        try:
            outcome = build()
        except Exception as error:
            delay = min(delay * 2, every * SLOWEST)
            tell.failed(error, delay)
            told = clock.now()
        else:
            delay = every
            idle = 0 if outcome.release else idle + 1
            if outcome.release:
                tell.built(outcome)
                told = clock.now()
        if clock.now() - told >= HEARTBEAT:
            tell.idle(idle)
            told = clock.now()
        clock.wait(max(begun + delay - clock.now(), 0))


def told(error: Exception) -> dict[str, str | int]:
    """Give an error's fields, of one that nobody expected too."""
    if isinstance(error, AlmonerError):
        return error.as_dict()
    return {"error": type(error).__name__, "message": " ".join(str(error).split())}
