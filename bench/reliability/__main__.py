"""`python -m bench.reliability`: break builds in every way and write bench/RELIABILITY.md."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.reliability import (
    cut_copies,
    cut_publications,
    extraction_stress,
    failed_audit,
    full_disk,
    ground,
    killed,
    pruned,
    reads,
    small_cells,
    stalled,
    statements,
    two_builders,
    wrapped,
)
from bench.reliability.measured import Measured

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "RELIABILITY.md"
RECORD = HERE / "measured.json"


@dataclass(frozen=True)
class Proof:
    """A proof, and how often it is done at full size and in short."""

    run: Callable[[ground.Ground, int, int], Measured]
    full: int
    short: int


PROOFS = {
    "killed": Proof(killed.run, 100, 6),
    "stalled": Proof(stalled.run, 50, 4),
    "cut_publications": Proof(cut_publications.run, 300, 25),
    "two_builders": Proof(two_builders.run, 200, 4),
    "extraction_stress": Proof(extraction_stress.run, 5, 1),
    "cut_copies": Proof(cut_copies.run, 200, 12),
    "reads": Proof(reads.run, 100, 4),
    "failed_audit": Proof(failed_audit.run, 3, 1),
    "wrapped": Proof(wrapped.run, 40, 10),
    "full_disk": Proof(full_disk.run, 30, 5),
    "pruned": Proof(pruned.run, 50, 2),
    "statements": Proof(statements.run, 100_000, 1_000),
    "small_cells": Proof(small_cells.run, 10_000, 500),
}


@click.command()
@click.option("--short", is_flag=True, help="A few rounds of each, and nothing is written.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(PROOFS)), help="By name.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--size", type=int, help="Rounds, in place of a proof's own number.")
@click.option("--seconds", default=120, show_default=True, help="Of each extraction stress.")
def main(short: bool, names: tuple[str, ...], seed: int, size: int | None, seconds: int) -> None:
    """Run the proofs; exits with 1 if anything was wrong."""
    wrong = 0
    with ground.made() as made:
        for name in names or PROOFS:
            if name == "full_disk" and not full_disk.is_possible():
                click.echo("full_disk: skipped: only root can mount a small file system")
                continue
            proof = PROOFS[name]
            rounds = size or (proof.short if short else proof.full)
            if name == "extraction_stress":
                seconds = min(seconds, 10) if short else seconds
                measured = extraction_stress.run(made, rounds, seed, seconds=seconds)
            else:
                measured = proof.run(made, rounds, seed)
            wrong += measured.wrong
            click.echo(str(measured))
            if not short:
                record(name, measured, f" --seconds {seconds}" * (name == "extraction_stress"))
    sys.exit(1 if wrong else 0)


def record(name: str, measured: Measured, option: str = "") -> None:
    """Keep what was measured last of each proof, and write the table anew."""
    known = json.loads(RECORD.read_text()) if RECORD.is_file() else {}
    known[name] = {
        **asdict(measured),
        "command": f"python -m bench.reliability --only {name} --size {measured.size}"
        f" --seed {measured.seed}{option}",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()},"
        f" Python {platform.python_version()}, PostgreSQL 18 (embedded)",
    }
    RECORD.write_text(json.dumps(known, indent=1) + "\n")
    RESULTS.write_text(report(known))


def report(known: dict[str, dict[str, object]]) -> str:
    """Write what was measured as Markdown."""
    lines = [
        "# Reliability: what was measured",
        "",
        "`make soak` runs every proof at full size; `python -m bench.reliability --help` tells",
        "how to run one. Each row is the last run of a proof, on a shared machine: counts travel,",
        "seconds do not. Wrong is what the proof must not see; its module says what that is.",
        "",
        "| proof | size | wrong | seen | s | seed | command | machine | date |",
        "|---|---:|---:|---|---:|---:|---|---|---|",
    ]
    for name in (name for name in PROOFS if name in known):
        lines.append(_line(name, known[name]))
    return "\n".join([*lines, ""])


def _line(name: str, row: dict[str, object]) -> str:
    counts = row["counts"]
    assert isinstance(counts, dict)
    seen = ", ".join(f"{value:,.10g} {told}" for told, value in counts.items())
    return (
        f"| [{name}](reliability/{name}.py) | {row['size']} {row['done']} | {row['wrong']}"
        f" | {seen} | {row['seconds']} | {row['seed']} | `{row['command']}` | {row['machine']}"
        f" | {row['date']} |"
    )


if __name__ == "__main__":
    main()
