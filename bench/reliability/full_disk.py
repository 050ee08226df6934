"""A disk that runs full while a build runs: nothing changes, and the next build is exact.

The database lies in a tablespace on a small file system in memory, which only root can mount.
The disk fills at the start of a stage, each in its turn, or at any moment. So that each stage
wants space: sorts of the audits spill, and the publication writes every mart anew.

Readers read in sessions that are open already, as pools keep them: PostgreSQL refuses a new one
while it cannot write its cache of the catalog ("could not write init file").
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally

SIZE = 600 * 2**20
SPACE = "proof_small"
# the demo is small: audits join by sorting, with no memory to sort in
SPILLING = ("work_mem = '64kB'", "enable_hashjoin = off", "enable_hashagg = off")
STAGES = ("sync", "publish", "audit", "dbt", "any")


def is_possible() -> bool:
    """Tell whether a small file system can be mounted here."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as directory:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory],
            check=False, capture_output=True,
        )  # fmt: skip
        if tried.returncode == 0:
            subprocess.run(["umount", directory], check=True)
    return tried.returncode == 0


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Fill the disk during `size` builds, at each stage in turn, and build again with space."""
    tally = Tally("full disks", "builds during which the disk ran full", seed)
    chance = random.Random(seed)
    with _small_disk(ground) as disk:
        for number in range(size):
            stage = STAGES[number % len(STAGES)]
            _round(ground, tally, disk, stage, chance.uniform(0, ground.build_seconds))
    return tally.measured(size)


def _round(ground: Ground, tally: Tally, disk: Path, stage: str, moment: float) -> None:
    ground.renew(SPACE)
    ballast = disk / "ballast"
    told = f"full in {stage}" if stage != "any" else f"full after {moment:.2f} s"
    asked, everyone = grounds.queries(ground.target), sorted(grounds.tenants_of(ground.target))
    with grounds.reader(ground.target) as reader:
        with _wanting_space(ground):
            answer = _build(ground, tally, ballast, stage, moment)
        try:
            shown = grounds.read(reader, asked, everyone)
        finally:
            ballast.unlink()
    tally.count(_outcome(stage, answer))
    if stage != "any":
        stopped = answer.get("stage") == stage
        tally.expect(stopped, f"{told}: it did not end there: {answer}")
    expected = ground.all_after if answer.get("release") else ground.all_before
    tally.expect(shown == expected, f"{told}: after {answer} the marts are of neither release")
    again = ground.runners.start().wait()
    tally.expect("error" not in again, f"{told}: with space again the build failed: {again}")
    grounds.judge(ground, tally, told)


def _build(
    ground: Ground, tally: Tally, ballast: Path, stage: str, moment: float
) -> dict[str, Any]:
    """Build on a disk that runs full at the start of a stage, or at a moment."""
    if stage == "any":
        build = ground.runners.start()
        time.sleep(moment)
        _fill(ballast)
    else:
        build = ground.runners.start(waits_at=stage)
        tally.expect(build.arrives(), f"no build came to {stage}")
        _fill(ballast)
        build.go_on()
    return build.wait()


def _outcome(stage: str, answer: dict[str, Any]) -> str:
    """Say at which stage it was full, and how the build ended."""
    ended = f"failed in {answer['stage']}" if "stage" in answer else "had what they needed"
    return f"full in {stage}: {ended}" if stage != "any" else f"full at any moment: {ended}"


@contextmanager
def _wanting_space(ground: Ground) -> Iterator[None]:
    """Let the build sort on disk, and its publication write every mart."""
    name = grounds.name_of(ground.target)
    with psycopg.connect(grounds.superuser(ground.running, name), autocommit=True) as connection:
        connection.execute("update almoner.published_marts set digest = 'another'")
        of_target = sql.SQL("alter database {} ").format(sql.Identifier(name))
        for setting in SPILLING:
            connection.execute(of_target + sql.SQL(f"set {setting}"))
        try:
            yield
        finally:
            connection.execute(of_target + sql.SQL("reset all"))


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(2**20))
                file.flush()
        except OSError:
            return  # full


@contextmanager
def _small_disk(ground: Ground) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="almoner-small-") as directory:
        disk = Path(directory)
        disk.chmod(0o755)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory], check=True
        )
        try:
            place = disk / "data"
            place.mkdir()
            if ground.running.account:
                shutil.chown(place, ground.running.account)
            with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as one:
                one.execute(
                    sql.SQL("create tablespace {} location {}").format(
                        sql.Identifier(SPACE), sql.Literal(str(place))
                    )
                )
            yield disk
            with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as one:
                grounds.drop(one, grounds.name_of(ground.target))
                one.execute(sql.SQL("drop tablespace {}").format(sql.Identifier(SPACE)))
            ground.renew()
        finally:
            subprocess.run(["umount", directory], check=True)
