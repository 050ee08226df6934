"""What a build shows: a live line on a terminal, plain lines without one, JSON on request."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.status import Status

from runner import planning
from runner.dbt import Result
from runner.expectations import Finding
from runner.landing import Landing
from runner.planning import Step
from runner.tables import counted


class Silent:
    """Nothing: the process that builds again and again tells each outcome itself."""

    def stage(self, name: str, detail: str = "") -> None: ...

    def landed(self, landing: Landing) -> None: ...

    def planned(self, steps: list[Step]) -> None: ...

    def ran(self, result: Result) -> None: ...

    def unexpected(self, findings: list[Finding]) -> None: ...


class Plain:
    """Plain lines, a time before each; for cron and pipes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._noticed: set[tuple[str, str]] = set()

    def say(self, text: str) -> None:
        """Print one line."""
        print(f"{time.monotonic() - self._begun:7.1f}s  {text}", flush=True)

    def stage(self, name: str, detail: str = "") -> None:
        self.say(f"{name} {detail}".rstrip())

    def landed(self, landing: Landing) -> None:
        if landing.is_change:
            self.say(f"  {_told(landing)}")
        for notice in landing.notices:
            # a source that was swapped is told once, not of each of its tables
            if (landing.source, notice) not in self._noticed:
                self._noticed.add((landing.source, notice))
                self.say(f"  {landing.source}.{landing.table.source_name}: {notice}")

    def planned(self, steps: list[Step]) -> None:
        full = sum(step.mode == "full" for step in steps)
        self.say(f"  {counted(len(steps), 'node')} to run, {full} of them in full")
        for reason, names in planning.reasons(steps):
            self.say(f"  {reason}: {names}")

    def ran(self, result: Result) -> None:
        if not result.is_good:
            self.say(f"  {result.kind} {result.name}: {result.status}")

    def unexpected(self, findings: list[Finding]) -> None:
        for each in findings:
            count = f" ({each.unexpected:,} of {each.rows:,} rows)" if each.unexpected else ""
            column = f" {each.column}" if each.column else ""
            self.say(f"  {each.severity}: {each.batch}{column}: {each.expects}{count}")


class Terminal(Plain):
    """The plain lines that matter, and a live one that says what runs now."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console()
        self._status: Status = self._console.status("")
        self._status.start()
        self._left = 0

    def say(self, text: str) -> None:
        self._console.print(f"{time.monotonic() - self._begun:7.1f}s  {text}", highlight=False)

    def stage(self, name: str, detail: str = "") -> None:
        super().stage(name, detail)
        self._status.update(f"{name} {detail}")

    def planned(self, steps: list[Step]) -> None:
        super().planned(steps)
        self._left = len(steps)

    def ran(self, result: Result) -> None:
        super().ran(result)
        if result.kind != "test":
            self._left = max(self._left - 1, 0)
        self._status.update(
            f"dbt: {counted(self._left, 'node')} left, {result.name} {result.status}"
        )

    def close(self) -> None:
        """Take the live line away."""
        self._status.stop()


class Lines:
    """One JSON object a line."""

    def _say(self, **fields: Any) -> None:
        print(json.dumps(fields, default=str), flush=True)

    def stage(self, name: str, detail: str = "") -> None:
        self._say(event="stage", name=name, detail=detail)

    def landed(self, landing: Landing) -> None:
        if landing.is_change:
            self._say(
                event="landed", source=landing.source, table=landing.table.source_name,
                landed=landing.landed, deleted=landing.deleted, quarantined=landing.quarantined,
                mended=landing.mended, rule=landing.rule,
            )  # fmt: skip
        for notice in landing.notices:
            self._say(
                event="notice", source=landing.source, table=landing.table.source_name,
                text=notice,
            )  # fmt: skip

    def planned(self, steps: list[Step]) -> None:
        for step in steps:
            self._say(event="planned", node=step.node.name, mode=step.mode, reason=step.reason)

    def ran(self, result: Result) -> None:
        self._say(
            event="ran", node=result.name, kind=result.kind, status=result.status,
            seconds=round(result.seconds, 3),
        )  # fmt: skip

    def unexpected(self, findings: list[Finding]) -> None:
        for each in findings:
            self._say(event="unexpected", **asdict(each))


def reporter(as_json: bool) -> Plain | Terminal | Lines:
    """Choose how to report: JSON, a live terminal or plain lines."""
    if as_json:
        return Lines()
    return Terminal() if sys.stdout.isatty() else Plain()


def _told(landing: Landing) -> str:
    parts = [counted(landing.landed, "row")]
    if landing.deleted:
        parts.append(f"{landing.deleted:,} deleted")
    if landing.quarantined:
        parts.append(f"{landing.quarantined:,} set aside")
    if landing.mended:
        parts.append(f"{landing.mended:,} no longer set aside")
    return f"{landing.source}.{landing.table.source_name}: {', '.join(parts)}"
