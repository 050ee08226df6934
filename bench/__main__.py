"""`python -m bench`: measure builds and reads at volume and write bench/RESULTS.md.

Everything is measured in one run on one server, because only ratios travel: the work that
Almoner does stands beside what PostgreSQL alone needs for the plain thing.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import click
import psycopg

from runner import access, build, contracts, db, releases, server
from runner.demo import generator
from runner.progress import Silent
from runner.settings import Settings, Source

HERE = Path(__file__).resolve().parent
END = date(2026, 10, 31)


@dataclass
class Figures:
    """Seconds by name, and the rows they were measured at."""

    seconds: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time a block once."""
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun
        click.echo(f"{name}: {self.seconds[name]:.2f} s")

    def median(self, name: str, action: Callable[[], object], times: int) -> None:
        """Time an action several times and keep the median."""
        taken = []
        for _ in range(times):
            begun = time.perf_counter()
            action()
            taken.append(time.perf_counter() - begun)
        self.seconds[name] = statistics.median(taken)
        click.echo(f"{name}: {self.seconds[name] * 1000:.2f} ms")


@click.command()
@click.option("--tenants", default=100, show_default=True)
@click.option("--days", default=365, show_default=True)
@click.option("--visits-per-day", default=20, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=HERE / "RESULTS.md")
def main(tenants: int, days: int, visits_per_day: int, out: Path) -> None:
    """Measure, print and write the results."""
    state = Path(tempfile.mkdtemp(prefix="almoner-bench-"))
    state.chmod(0o755)
    os.environ["ALMONER_STATE"] = str(state)
    os.environ.pop("ALMONER_DSN", None)
    running = server.embedded()
    running.start()
    try:
        figures = measure(running, tenants, days, visits_per_day)
        out.write_text(report(figures, tenants, days, visits_per_day))
        click.echo(f"wrote {out}")
    finally:
        running.stop()
        shutil.rmtree(state, ignore_errors=True)


def measure(running: server.Server, tenants: int, days: int, visits_per_day: int) -> Figures:
    """Run every measurement on one server."""
    figures = Figures()
    with psycopg.connect(running.dsn(), autocommit=True) as connection:
        connection.execute("create database hms_bench")
    source, target = running.dsn("hms_bench"), running.dsn()
    with figures.timed("generate"), db.connect(source) as connection:
        made = generator.generate(connection, tenants, days, visits_per_day, END, 1)
    figures.sizes = {name: made[name] for name in ("invoices", "invoice_items", "payments")}
    figures.sizes["all tables"] = sum(made.values())
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    plain(source, figures)
    configured = Settings(
        sources={"demo": Source(system="hms", dsn=source)}, deletion_limit_percent=100
    )
    builder = build.Builder(configured, target)
    with figures.timed("first build"):
        outcome = builder.build(Silent())
    click.echo(str(outcome.stages))
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    for number in range(3):
        new_day(source, number)
        with figures.timed("build after one new day, in process"):
            outcome = builder.build(Silent())
        click.echo(str(outcome.stages))
    figures.sizes["rows of the new day"] = outcome.rows_landed
    with db.connect(source) as connection:
        generator.live(connection, 7)
    with figures.timed("build after a busy day, in process"):
        outcome = builder.build(Silent())
    click.echo(str(outcome.stages))
    figures.sizes["rows of the busy day"] = outcome.rows_landed
    with figures.timed("build with nothing new, in process"):
        builder.build(Silent())
    by_command(source, target, figures)
    read(target, figures)
    hms_screens(running, figures)
    return figures


def new_day(source: str, seed: int) -> None:
    """Let a day pass: new rows (about 3,000 invoices at full size) and thirty late edits."""
    with db.connect(source) as connection:
        generator.live(connection, seed, is_calm=True)
        connection.execute((HERE / "late_edits.sql").read_text().encode())


def plain(source: str, figures: Figures) -> None:
    """Measure the yardsticks in the operational database itself, then take them away."""
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("create schema plain")
        with figures.timed("copy and index the raw tables"):
            for table in contracts.load("hms").tables:
                name = table.source_name
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                connection.execute(
                    f"create table plain.{name} as select {columns} from hms.{name}".encode()
                )
                connection.execute(f"alter table plain.{name} add primary key (id)".encode())
                for index in ((table.tenant, "id"), *table.indexes):
                    if index[0]:
                        over = ", ".join(index).replace("tenant_id", str(table.tenant))
                        connection.execute(f"create index on plain.{name} ({over})".encode())
                connection.execute(f"analyze plain.{name}".encode())
        connection.execute((HERE / "plain_view.sql").read_text().encode())
        with figures.timed("refresh one department-revenue view concurrently"):
            connection.execute("refresh materialized view concurrently plain.department_revenue")
        connection.execute("create table plain.revenue as table plain.department_revenue")
        connection.execute("create index on plain.revenue (hospital_id, business_date)")
        connection.execute("analyze plain.revenue")
        figures.median(
            "one tenant's month from a plain indexed table",
            lambda: connection.execute(
                "select * from plain.revenue where hospital_id = 7"
                " and business_date between '2026-09-01' and '2026-09-30'"
            ).fetchall(),
            200,
        )
        connection.execute("drop schema plain cascade")


def by_command(source: str, target: str, figures: Figures) -> None:
    """Measure the command as cron runs it."""
    state = Path(os.environ["ALMONER_STATE"])
    (state / "demo.yml").write_text(f"sources: {{demo: {{system: hms, dsn: {source!r}}}}}")

    def command() -> None:
        subprocess.run(
            [sys.executable, "-c", "from runner.cli import main; main()", "build",
             "--accept-deletions"],
            check=True, stdout=subprocess.DEVNULL, cwd=HERE.parent,
        )  # fmt: skip

    with figures.timed("build with nothing new, by command"):
        command()
    new_day(source, 9)
    with figures.timed("build after one new day, by command"):
        command()


def read(target: str, figures: Figures) -> None:
    """Measure a BI login's reads through all locks."""
    with db.connect(target) as connection:
        releases.prepare(connection)
        login = access.grant(connection, target, "demo_7", None)
    with psycopg.connect(login.dsn, autocommit=True) as connection:
        figures.median(
            "one tenant's month of dept_revenue_daily under all locks",
            lambda: connection.execute(
                "select * from marts.dept_revenue_daily"
                " where business_date between '2026-09-01' and '2026-09-30'"
            ).fetchall(),
            200,
        )
        figures.median(
            "ar_aging as of a past date",
            lambda: connection.execute(
                "select * from marts.ar_aging where as_of_date = '2026-06-30'"
            ).fetchall(),
            20,
        )


def hms_screens(running: server.Server, figures: Figures) -> None:
    """Measure the operational system's own screens: patient search and a doctor's queue.

    In one hospital of 100,000 patients and 2,000 visits a day.
    """
    with psycopg.connect(running.dsn(), autocommit=True) as connection:
        connection.execute("create database hms_screens")
    source = running.dsn("hms_screens")
    with db.connect(source) as connection:
        made = generator.generate(connection, 1, 10, 2000, END, 1)
    figures.sizes["patients of the searched hospital"] = made["patients"]
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        for name, script in (("patient search", "patient_search"), ("doctor's queue", "queue")):
            statement = (HERE / f"{script}.sql").read_text().encode()
            figures.median(name, lambda sql=statement: connection.execute(sql).fetchall(), 20)


def report(figures: Figures, tenants: int, days: int, visits_per_day: int) -> str:
    """Write the results as Markdown."""
    took = figures.seconds
    copy = took["copy and index the raw tables"]
    refresh = took["refresh one department-revenue view concurrently"]
    month = took["one tenant's month from a plain indexed table"]
    ratios = [
        ("first build", "copy and index", took["first build"] / copy, "≤ 4 ×"),
        (
            "build after one new day, in process",
            "REFRESH … CONCURRENTLY of one view",
            took["build after one new day, in process"] / refresh,
            "≤ 0.1 ×",
        ),
        (
            "one tenant's month under all locks",
            "plain indexed table",
            took["one tenant's month of dept_revenue_daily under all locks"] / month,
            "≤ 2.5 ×",
        ),
    ]
    lines = [
        "# Benchmark results",
        "",
        f"`python -m bench --tenants {tenants} --days {days} --visits-per-day {visits_per_day}`",
        f"on {os.cpu_count()} cores, {memory_gb()} GB, {platform.machine()}, "
        f"Python {platform.python_version()}, PostgreSQL 18 (embedded).",
        "Times are from a shared machine: compare ratios, not seconds.",
        "",
        "| rows | |",
        "|---|---:|",
        *(f"| {name} | {size:,} |" for name, size in figures.sizes.items()),
        "",
        "| what | against | ratio | aim |",
        "|---|---|---:|---|",
        *(f"| {one} | {other} | {ratio:.2f} × | {aim} |" for one, other, ratio, aim in ratios),
        "",
        "| what | time |",
        "|---|---:|",
        *(
            f"| {name} | {f'{value:.2f} s' if value >= 0.2 else f'{value * 1000:.2f} ms'} |"
            for name, value in took.items()
        ),
        "",
    ]
    return "\n".join(lines)


def memory_gb() -> int:
    """Give the machine's memory in GB."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


if __name__ == "__main__":
    main()
