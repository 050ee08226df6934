"""What a build did, and how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner import build
from runner.dbt import Result
from runner.progress import Silent


@dataclass
class Noted(Silent):
    """Remembers how long each model took, in seconds."""

    nodes: dict[str, float] = field(default_factory=dict)

    def ran(self, result: Result) -> None:
        if result.kind != "test":
            self.nodes[result.name] = result.seconds


@dataclass(frozen=True)
class Built:
    """A build: what it did, its seconds, and those of each model."""

    outcome: build.Outcome
    seconds: float
    nodes: dict[str, float]

    @property
    def stages(self) -> str:
        """Tell the stages that took longest."""
        longest = sorted(self.outcome.stages.items(), key=lambda each: -each[1])[:3]
        return ", ".join(f"{name} {took:.1f} s" for name, took in longest)
