"""Exports by command, against psql's `\\copy` of the same rows; and the memory they take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

from psycopg import sql

from bench.grounds import Ground
from bench.measured import Result
from runner import db, server

MART = "invoice_balances"
# a child's own peak: what wait4 tells has the parent's in it
MEASURED = """
import re
from pathlib import Path
from runner.cli import main
try:
    main()
finally:
    print(re.search(r"VmHWM:.*", Path("/proc/self/status").read_text())[0])
"""


@dataclass(frozen=True)
class Exported:
    """A file that was written: its rows, the seconds, and the writer's largest memory in MB."""

    rows: int
    seconds: float
    peak: float = 0

    @property
    def speed(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


def exports(ground: Ground) -> list[Result]:
    """Export days of the largest mart, and ten times as many."""
    number = max(1, min(3, ground.volume.days // 20))
    once, ten = (_days(ground, number * times) for times in (1, 10))
    with ground.login(_tenant(ground)) as url:
        copied = _copied(ground, url, f"select * from marts.{MART} where {_within(ten)}")
    small, large = _exported(ground, once), _exported(ground, ten)
    if large.rows != copied.rows:
        raise ValueError(f"export wrote {large.rows} rows, \\copy {copied.rows}")
    plain = _plain(ground)
    return [
        Result(
            f"export of {large.rows:,} rows of {MART} of one tenant, by command", large.speed,
            "rows/s", r"`\copy` of the same rows of the mart", copied.speed, least=0.5,
            note=f"{large.seconds:.2f} s",
        ),
        Result(
            f"export of {large.rows:,} rows of {MART} of one tenant, by command", large.speed,
            "rows/s", r"`\copy` of a plain table that holds them", plain.speed,
        ),
        Result(f"export's memory at {small.rows:,} rows", small.peak, "MB", most=150),
        Result(
            f"export's memory at {large.rows:,} rows", large.peak, "MB", most=150,
            note=f"{large.peak / small.peak:.2f} × that at {small.rows:,} rows",
        ),
    ]  # fmt: skip


def _tenant(ground: Ground) -> str:
    return f"demo_{ground.volume.hospital}"


def _days(ground: Ground, number: int) -> tuple[date, date]:
    end = ground.volume.end
    return end - timedelta(days=number - 1), end


def _within(days: tuple[date, date]) -> str:
    return f"as_of_date between '{days[0]}' and '{days[1]}'"


def _exported(ground: Ground, days: tuple[date, date]) -> Exported:
    path = ground.place.state / "export.csv"
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "export", MART, "--tenant", _tenant(ground),
         "--from", str(days[0]), "--to", str(days[1]), "--out", str(path)],
        check=True, text=True, capture_output=True,
        env={**ground.place.environment, "ALMONER_DSN": ground.target},
    )  # fmt: skip
    took = time.perf_counter() - begun
    found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    if found is None:
        raise ValueError(f"the export told no memory: {done.stdout}")
    return Exported(_rows(path), took, int(found[1]) / 1024)


def _copied(ground: Ground, url: str, query: str) -> Exported:
    path = ground.place.state / "copy.csv"
    environment, where = db.without_password(url)
    begun = time.perf_counter()
    subprocess.run(
        [str(server.embedded().binaries / "psql"), where, "-X", "-q", "-v", "ON_ERROR_STOP=1",
         "-c", rf"\copy ({query}) to '{path}' (format csv, header true)"],
        check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return Exported(_rows(path), time.perf_counter() - begun)


def _plain(ground: Ground) -> Exported:
    """Copy the exported rows out of a plain table in the source's database."""
    with (
        (ground.place.state / "export.csv").open("rb") as file,
        ground.plain.held(ground.columns(MART), _blocks(file)) as table,
    ):
        query = sql.SQL("select * from {}").format(table).as_string()
        return _copied(ground, ground.source, query)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.readline()  # the names
    while block := file.read(1 << 20):
        yield block


def _rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1
