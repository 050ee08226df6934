"""What a proof found."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measured:
    """A proof's outcome: what was done how often, what was counted, and what was wrong.

    `complaints` tell the first wrong things; `seconds` is all that the proof took.
    """

    name: str
    done: str
    size: int
    seed: int
    seconds: float
    wrong: int
    counts: dict[str, float]
    complaints: tuple[str, ...]

    def __str__(self) -> str:
        told = ", ".join(f"{value:g} {name}" for name, value in self.counts.items())
        first = f": {'; '.join(self.complaints)}" if self.complaints else ""
        return (
            f"{self.name}: {self.size} {self.done} (seed {self.seed}, {self.seconds:.0f} s): "
            f"{self.wrong} wrong{first}; {told}"
        )


@dataclass
class Tally:
    """Counts what a proof sees while it runs."""

    name: str
    done: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    measures: dict[str, float] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[name] += number

    def most(self, name: str, value: float) -> None:
        """Keep the largest of a measure."""
        self.measures[name] = round(max(value, self.measures.get(name, value)), 3)

    def expect(self, is_right: bool, complaint: str) -> None:
        """Note what is wrong unless it is right."""
        self.counts["checks"] += 1
        if not is_right:
            self.complaints.append(complaint)

    def measured(self, size: int) -> Measured:
        """Close the tally."""
        seconds = round(time.monotonic() - self.begun, 1)
        counts = {**dict(sorted(self.counts.items())), **self.measures}
        first = tuple(self.complaints[:5])
        return Measured(
            self.name, self.done, size, self.seed, seconds, len(self.complaints), counts, first
        )
