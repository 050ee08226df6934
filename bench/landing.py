"""Landing with nothing new: by xmin, by the cursor rule, and with every row compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from bench.grounds import Ground
from bench.measured import Result, seconds
from runner import contracts, landing_only
from runner.landing import Landing
from runner.settings import Settings

NEVER = 10**12  # rows that no table has
TIMES = 3
KEEPS: LiteralString = (
    "create trigger bench_keeps before insert on {}"
    " for each row execute function hms.touch_updated_at()"
)


@dataclass(frozen=True)
class Synced:
    """Seconds of a sync, the tables it read by their cursor, and why not the others."""

    seconds: float
    by_cursor: list[str]
    refusals: list[str]


def syncs(ground: Ground) -> list[Result]:
    """Sync with nothing new in each of the three ways."""
    ground.ready()
    default = ground.settings.cursor_minimum_rows
    by_xmin = _synced(ground, NEVER)
    with _kept_cursors(ground):
        by_cursor = _synced(ground, min(default, ground.rows["invoices"]))
    verified = seconds(lambda: _land(ground, ground.settings, verify=True))
    found = ", ".join(by_cursor.by_cursor) or f"no table: {'; '.join(by_cursor.refusals)}"
    return [
        Result("sync with nothing new, every table by xmin", by_xmin.seconds),
        Result(
            "sync with nothing new, large tables by their cursor", by_cursor.seconds,
            against="every table by xmin", yardstick=by_xmin.seconds, note=f"by cursor: {found}",
        ),
        Result(
            "sync --verify with nothing new", verified, against="every table by xmin",
            yardstick=by_xmin.seconds, note="fingerprints of every row, on both sides",
        ),
    ]  # fmt: skip


@contextmanager
def _kept_cursors(ground: Ground) -> Iterator[None]:
    """Let triggers of the source set the cursors at inserts too, as the cursor rule needs."""
    names = [table.source_name for table in contracts.load("hms").tables if table.cursor_is_kept]
    _execute(ground, names, KEEPS)
    try:
        yield
    finally:
        _execute(ground, names, "drop trigger bench_keeps on {}")


def _execute(ground: Ground, tables: list[str], statement: LiteralString) -> None:
    with psycopg.connect(ground.source, autocommit=True) as connection:
        for table in tables:
            connection.execute(sql.SQL(statement).format(sql.Identifier("hms", table)))


def _synced(ground: Ground, minimum: int) -> Synced:
    """Sync with cursors from so many rows on; the first notes where the cursors stand."""
    configured = ground.settings.model_copy(update={"cursor_minimum_rows": minimum})
    _land(ground, configured)
    landings: list[Landing] = []

    def land() -> None:
        landings[:] = _land(ground, configured)

    took = seconds(land, TIMES)
    names = sorted(each.table.source_name for each in landings if each.rule == "cursor")
    return Synced(took, names, sorted({each.refusal for each in landings if each.refusal}))


def _land(ground: Ground, configured: Settings, *, verify: bool = False) -> list[Landing]:
    return landing_only.from_sources(
        configured, ground.target, accept_deletions=True, verify=verify
    )
