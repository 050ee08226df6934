"""Builds: the first, a new day, scattered edits, and with nothing new."""

from __future__ import annotations

import statistics
import subprocess
import sys

import psycopg

from bench.built import Built
from bench.grounds import Ground
from bench.measured import Result, seconds

REFRESH = "one REFRESH … CONCURRENTLY of charges and discounts alone"
REFRESH_OF_MART = (
    "one REFRESH … CONCURRENTLY of the rows of `dept_revenue_daily`, from postings that are there"
)
EDITED = 0.01  # the share of edited items: 11,000 of 1.1 million invoices
ALMONER = "from runner.cli import main; main()"


def first_build(ground: Ground) -> list[Result]:
    """Build from nothing, against copying and indexing the raw tables."""
    copy = ground.plain.yardsticks.copy
    return [
        Result(
            "first build", ground.first.seconds, against="copy and index of the raw tables",
            yardstick=copy, most=3, note=ground.first.stages,
        )
    ]  # fmt: skip


def new_day(ground: Ground) -> list[Result]:
    """Build after one new day in a process that stays, and after one with all that goes wrong."""
    refresh, of_mart = ground.plain.yardsticks.refresh, ground.journal.refresh
    made = new_days(ground)
    ground.live(7, is_calm=False)
    busy = ground.build()
    return [
        Result(
            "build after one new day, in process", median(made), against=REFRESH,
            yardstick=refresh, most=1 / 15, note=told(made[-1]),
        ),
        Result(
            "the same build, which makes all marts", median(made), against=REFRESH_OF_MART,
            yardstick=of_mart, most=1 / 5,
        ),
        Result(
            "build after a day with late rows, edits, voids and deletions, in process",
            busy.seconds, against=REFRESH, yardstick=refresh, note=told(busy),
        ),
    ]  # fmt: skip


def new_days(ground: Ground, times: int = 3) -> list[Built]:
    """Let days pass, with thirty late edits each, and build after each."""
    ground.ready()
    made = []
    for number in range(times):
        a_day(ground, number)
        made.append(ground.build())
    return made


def a_day(ground: Ground, seed: int) -> None:
    """Let a day pass: new rows (about 3,000 invoices at full size) and thirty late edits."""
    ground.live(seed, is_calm=True)
    ground.run("late_edits")


def median(made: list[Built]) -> float:
    """Give the median of the builds' seconds."""
    return statistics.median(each.seconds for each in made)


def told(made: Built) -> str:
    """Tell what a build landed and where its time went."""
    return f"{made.outcome.rows_landed:,} rows; {made.stages}"


def scattered_edits(ground: Ground) -> list[Result]:
    """Build after edits that lie in every month of the history."""
    refresh = ground.plain.yardsticks.refresh
    ground.ready()
    wanted = max(round(ground.rows["invoices"] * EDITED), 1)
    edited = ground.run("scattered_edits", wanted)
    made = ground.build()
    return [
        Result(
            f"build after {edited:,} edits scattered over {ground.volume.days} days, in process",
            made.seconds, against=REFRESH, yardstick=refresh, most=0.25, note=told(made),
        )
    ]  # fmt: skip


def nothing_new(ground: Ground) -> list[Result]:
    """Build with nothing new: in a process that stays and by command, as cron runs it."""
    for _ in range(2):  # the second reads by the cursor, where that may be
        ground.build()
    by_call = statistics.median(ground.build().seconds for _ in range(3))
    with ground.builder.resident():
        ground.build()
        resident = statistics.median(ground.build().seconds for _ in range(5))
        looked = statistics.median(_looked(ground) for _ in range(5))
    _configure(ground)
    by_command = seconds(lambda: _command(ground), 3)
    a_day(ground, 9)
    day = seconds(lambda: _command(ground))
    return [
        Result("nothing new, in a resident process", resident, most=0.5),
        Result(
            "nothing new, in a resident process, while something else is written on the source's"
            " server", looked,
        ),
        Result("nothing new, by command", by_command, most=3),
        Result("nothing new, in process, connecting anew", by_call),
        Result(
            "build after one new day, by command", day, against=REFRESH,
            yardstick=ground.plain.yardsticks.refresh,
        ),
    ]  # fmt: skip


def _looked(ground: Ground) -> float:
    """Build with nothing new after a transaction that concerns no table."""
    with psycopg.connect(ground.source, autocommit=True) as connection:
        connection.execute("select pg_current_xact_id()")
    return ground.build().seconds


def _configure(ground: Ground) -> None:
    configured = ground.settings.model_dump_json(exclude_none=True)
    path = ground.place.project / "almoner.yml"
    path.touch(mode=0o600)  # it has passwords
    path.write_text(configured)


def _command(ground: Ground) -> None:
    subprocess.run(
        [sys.executable, "-c", ALMONER, "build"],
        check=True, stdout=subprocess.DEVNULL,
        env={**ground.place.environment, "ALMONER_DSN": ground.target},
    )  # fmt: skip
