"""A disk that runs full while a build runs: nothing changes, and the next build is exact.

The database lies in a tablespace on a small file system in memory, which only root can mount.
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

import psycopg
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally

SIZE = 600 * 2**20
SPACE = "proof_small"


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
    """Fill the disk during `size` builds, each at a random point, and build again with space."""
    tally = Tally("full disks", "builds during which the disk ran full", seed)
    chance = random.Random(seed)
    with _small_disk(ground) as disk:
        for _ in range(size):
            _round(ground, tally, disk, chance.uniform(0, ground.build_seconds))
    return tally.measured(size)


def _round(ground: Ground, tally: Tally, disk: Path, moment: float) -> None:
    told = f"full after {moment:.2f} s"
    ground.renew()
    _move(ground, SPACE)
    build = ground.runners.start()
    time.sleep(moment)
    ballast = disk / "ballast"
    _fill(ballast)
    answer = build.wait()
    is_published = bool(answer.get("release"))
    stage = f"failed in {answer['stage']}" if "stage" in answer else "had what they needed"
    tally.count(stage)
    everyone = sorted(grounds.tenants_of(ground.target))
    shown = _figures_without_space(ground, ballast, everyone)
    expected = ground.all_after if is_published else ground.all_before
    tally.expect(shown == expected, f"{told}: after {answer} the marts are of neither release")
    again = ground.runners.start().wait()
    tally.expect("error" not in again, f"{told}: with space again the build failed: {again}")
    grounds.judge(ground, tally, told)


def _figures_without_space(ground: Ground, ballast: Path, everyone: list[str]) -> grounds.Figures:
    """Read the marts while the disk is still full, and give the space back."""
    try:
        return grounds.figures(ground.target, everyone)
    finally:
        ballast.unlink()


def _fill(ballast: Path) -> None:
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(2**20))
                file.flush()
        except OSError:
            return  # full


def _move(ground: Ground, space: str) -> None:
    with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} set tablespace {}").format(
                sql.Identifier(grounds.name_of(ground.target)), sql.Identifier(space)
            )
        )


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
