"""What was measured last, kept as JSON, and the report that is written from it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measured import Result, shown

HONESTLY = Path(__file__).with_name("HONESTLY.md")


@dataclass(frozen=True)
class Record:
    """The results of each measurement at one volume, with the day they were measured."""

    volume: str
    rows: dict[str, int]
    machine: str = field(default_factory=lambda: machine())
    results: dict[str, list[Result]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, results: list[Result]) -> None:
        """Put a measurement's results in the place of those before."""
        self.results[name] = results
        self.dates[name] = f"{datetime.now(UTC):%Y-%m-%d}"

    def write(self, directory: Path, order: list[str]) -> None:
        """Write `results.json` and RESULTS.md, measurements in that order."""
        (directory / "results.json").write_text(json.dumps(asdict(self), indent=1) + "\n")
        (directory / "RESULTS.md").write_text(report(self, order, HONESTLY.read_text()))


def read(directory: Path) -> Record | None:
    """Read what was kept, if anything was."""
    path = directory / "results.json"
    if not path.is_file():
        return None
    known: dict[str, Any] = json.loads(path.read_text())
    results = {
        name: [Result(**each) for each in listed] for name, listed in known.pop("results").items()
    }
    return Record(**known, results=results)


def report(record: Record, order: list[str], honestly: str) -> str:
    """Write the results as Markdown: what has an aim, what people say of it, and the rest."""
    found = [
        (result, record.dates[name]) for name in order for result in record.results.get(name, [])
    ]
    lines = [
        "# Benchmark results",
        "",
        f"`python -m bench {record.volume}`",
        f"on {record.machine}.",
        "Each ratio was measured in one run on one server; times are from a shared machine:",
        "compare ratios, not seconds.",
        "",
        "| rows | |",
        "|---|---:|",
        *(f"| {name} | {count:,} |" for name, count in record.rows.items()),
        "",
        "## Aims",
        "",
        "| what | measured | against | its | ratio | aim | | where it went | date |",
        "|---|---:|---|---:|---:|---:|---|---|---|",
        *_lines((each for each in found if each[0].aim), is_aimed=True),
        "",
        "## Honestly",
        "",
        honestly.strip(),
        "",
        "## Beside them",
        "",
        "| what | measured | against | its | ratio | | date |",
        "|---|---:|---|---:|---:|---|---|",
        *_lines((each for each in found if not each[0].aim), is_aimed=False),
        "",
    ]
    return "\n".join(lines)


def _lines(found: Iterator[tuple[Result, str]], *, is_aimed: bool) -> Iterator[str]:
    for result, date in found:
        its = shown(result.yardstick, result.unit) if result.yardstick else ""
        ratio = f"{result.ratio:.3g} ×" if result.ratio is not None else ""
        cells = [result.what, shown(result.value, result.unit), result.against, its, ratio]
        if is_aimed:
            cells += [result.aim, "met" if result.is_met else "**missed**"]
        yield f"| {' | '.join([*cells, result.note, date])} |"


def machine() -> str:
    """Describe the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()},"
        f" Python {platform.python_version()}, PostgreSQL 18"
    )
