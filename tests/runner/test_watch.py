"""The process that builds again and again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from runner import watch
from runner.build import Outcome
from runner.errors import DatabaseError

EVERY = 300.0


class StopTest(BaseException):
    """Ends the loop, as a signal does."""


@dataclass
class Told:
    """What was told, and a clock on which builds take no time."""

    said: list[str] = field(default_factory=list)
    time: float = 0.0

    def built(self, outcome: Outcome) -> None:
        self.said.append(f"{self.time:.0f} built {outcome.release}")

    def failed(self, error: Exception, again_in: float) -> None:
        self.said.append(f"{self.time:.0f} {watch.told(error)['message']} {again_in:.0f}")

    def idle(self, builds: int) -> None:
        self.said.append(f"{self.time:.0f} idle {builds}")

    def wait(self, seconds: float) -> None:
        self.time += seconds


def run(results: list[int | Exception | None]) -> list[str]:
    """Watch builds that end so; give what was told and when."""
    tell, left = Told(), iter(results)

    def build() -> Outcome:
        try:
            result = next(left)
        except StopIteration:
            raise StopTest from None
        if isinstance(result, Exception):
            raise result
        return Outcome(result, 1, 1, 0, 0, 0, 0, 0, 0.0, [])

    with pytest.raises(StopTest):
        watch.watch(build, tell, EVERY, watch.Clock(lambda: tell.time, tell.wait))
    return tell.said


def test_a_build_that_found_something_is_told() -> None:
    assert run([None, 5, None, 6]) == ["300 built 5", "900 built 6"]


def test_an_hour_without_news_is_told_once() -> None:
    assert run([None] * 26) == ["3600 idle 13", "7200 idle 25"]


def test_failures_do_not_end_it_and_space_out_up_to_ten_times() -> None:
    lost = DatabaseError("gone", "`almoner status`")
    assert run([lost, lost, lost, lost, ValueError("odd"), 7, lost]) == [
        "0 gone 600",
        "600 gone 1200",
        "1800 gone 2400",
        "4200 gone 3000",
        "7200 odd 3000",
        "10200 built 7",
        "10500 gone 600",
    ]
