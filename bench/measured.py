"""What a measurement gives: a value, what it stands beside, and the aim."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

WAYS = {"s": "{:,.2f} s", "MB": "{:,.0f} MB", "rows/s": "{:,.0f} rows/s"}


@dataclass(frozen=True)
class Result:
    """A value with its unit (s, MB, rows/s); `yardstick` is what plain PostgreSQL needs.

    `most` and `least` bound the ratio to the yardstick, or the value where there is none.
    """

    what: str
    value: float
    unit: str = "s"
    against: str = ""
    yardstick: float | None = None
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Give the value as a multiple of the yardstick."""
        return self.value / self.yardstick if self.yardstick else None

    @property
    def aim(self) -> str:
        """Write the aim as people read it; empty where there is none."""
        bound = self.most if self.most is not None else self.least
        if bound is None:
            return ""
        unit = "×" if self.yardstick else self.unit
        return f"{'≤' if self.most is not None else '≥'} {bound:.3g} {unit}"

    @property
    def is_met(self) -> bool:
        """Tell whether the aim is reached."""
        reached = self.ratio if self.ratio is not None else self.value
        return (self.most is None or reached <= self.most) and (
            self.least is None or reached >= self.least
        )

    def __str__(self) -> str:
        beside = f" = {self.ratio:.3g} × {self.against}" if self.ratio is not None else ""
        aim = f" (aim {self.aim}: {'met' if self.is_met else 'missed'})" if self.aim else ""
        return f"{self.what}: {shown(self.value, self.unit)}{beside}{aim} {self.note}".rstrip()


def shown(value: float, unit: str) -> str:
    """Write a value with its unit; short times in milliseconds."""
    if unit == "s" and value < 0.2:
        return f"{value * 1000:.2f} ms"
    return WAYS[unit].format(value)


def seconds(action: Callable[[], object], times: int = 1) -> float:
    """Run an action so often and give the median of its seconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def in_turn(
    one: Callable[[], object], other: Callable[[], object], times: int
) -> tuple[float, float]:
    """Run two actions in turn, for what else the machine does to meet both; give their medians."""
    taken = [(seconds(one), seconds(other)) for _ in range(times)]
    return statistics.median(a for a, _ in taken), statistics.median(b for _, b in taken)
