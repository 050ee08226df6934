"""What `almoner export` writes: a tenant's rows, every value right, nothing a spreadsheet runs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from datetime import date, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.conftest import END, Installation
from tests.command import Command, Said

pytestmark = pytest.mark.acceptance

# names of departments, and how each stands in the file
NAMES = {
    'Ward "A", left': 'Ward "A", left',
    "two\nlines": "two\nlines",
    "Kinderheilkunde für Åse, 小児科 🏥": "Kinderheilkunde für Åse, 小児科 🏥",
    "it's = fine - really": "it's = fine - really",
    "": "",
    '=HYPERLINK("http://example.org","x")': '\'=HYPERLINK("http://example.org","x")',
    "+1 day ward": "'+1 day ward",
    "-5": "'-5",
    "@SUM(A1)": "'@SUM(A1)",
    "|calc": "'|calc",
    "\ttab": "'\ttab",
    "\r\nreturn": "'\r\nreturn",
    "＝1+1": "'＝1+1",
}
FIRST_ID = 9000

# a department with a name, without a code, and a day on which it lost money
ODD_DEPARTMENT = """
with department as (
    insert into store.dim_departments
    select (jsonb_populate_record(dep, jsonb_build_object(
        'department_id', %(id)s::bigint, 'department_name', %(name)s::text, 'department_code', null
    ))).*
    from store.dim_departments as dep where tenant_id = 'demo_1' limit 1
)
insert into store.department_revenue_daily
select (jsonb_populate_record(rev, jsonb_build_object(
    'department_id', %(id)s::bigint, 'net_revenue_amount', -5.25
))).*
from store.department_revenue_daily as rev where tenant_id = 'demo_1' limit 1
"""


@pytest.fixture
def command(demo: Installation) -> Command:
    """Give the command for the demo, which it does not change."""
    return Command.with_project(ALMONER_DSN=demo.target)


def _export(command: Command, mart: str, *options: str, tenant: str = "demo_1") -> Said:
    return command.do("export", mart, "--tenant", tenant, "--out", "-", *options)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _dates(text: str, column: str) -> set[str]:
    return {row[column] for row in _rows(text)}


def test_every_value_is_right_and_no_text_is_a_formula(
    installation: Installation, tmp_path: Path
) -> None:
    with psycopg.connect(installation.target) as connection:
        for number, name in enumerate(NAMES, FIRST_ID):
            connection.execute(ODD_DEPARTMENT.encode(), {"id": number, "name": name})
    command = Command.with_project(ALMONER_DSN=installation.target)
    path = tmp_path / "odd.csv"
    command.run("export", "dept_revenue_daily", "--tenant", "demo_1", "--out", str(path))
    text = path.read_bytes().decode()
    rows = [row for row in _rows(text) if int(row["department_id"]) >= FIRST_ID]
    assert [row["department_name"] for row in rows] == list(NAMES.values())
    assert {row["net_revenue_amount"] for row in rows} == {"-5.2500"}
    # null is nothing at all, an empty text is quoted
    assert ',9004,,"",USD,' in text
    assert ",9007,,'-5,USD," in text


def test_the_file_holds_the_tenants_rows_of_the_mart(demo: Installation, command: Command) -> None:
    published = demo.published(days=(END,))
    for mart, tenant in zip(demo.marts(), cycle(demo.tenants()), strict=False):
        day = ("--as-of", END.isoformat()) if mart.date_column == "as_of_date" else ()
        rows = _rows(_export(command, mart.name, *day, tenant=tenant).out)
        expected = [row for row in published[mart.name] if row[0] == tenant]
        assert sorted(map(_told, (row.values() for row in rows))) == sorted(
            map(_told, expected)
        ), (mart.name, tenant)
        assert [*rows[0]] == [column.name for column in mart.columns] if rows else True


def _told(row: Any) -> tuple[str, ...]:
    """Write a row's values as CSV has them."""
    shown = {True: "t", False: "f", None: ""}
    return tuple(
        shown[value] if value is None or isinstance(value, bool) else _text(value) for value in row
    )


def _text(value: Any) -> str:
    """Write a value as PostgreSQL does: an instant without zeros at the end of its seconds."""
    if not isinstance(value, datetime):
        return str(value)
    return re.sub(r"(\.\d*?)0+(?=[+-])", r"\1", str(value)).removesuffix(":00")


def test_the_manifest_equals_the_file(command: Command) -> None:
    path = command.directory / "ageing.csv"
    arguments = ("export", "ar_aging_invoices", "--tenant", "demo_2", "--as-of", "2026-10-15")
    assert command.run(*arguments, "--out", str(path)).out == ""
    content = path.read_bytes()
    manifest = json.loads((command.directory / "ageing.csv.manifest.json").read_text())
    rows = _rows(content.decode())
    assert manifest == {
        "mart": "ar_aging_invoices",
        "tenant": "demo_2",
        "release": 1,
        "file_format": "csv",
        "date_column": "as_of_date",
        "first": "2026-10-15",
        "last": "2026-10-15",
        "columns": list(rows[0]),
        "rows": len(rows),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    # nothing else is left behind, and another time gives the same bytes
    assert not list(command.directory.glob(".*part"))
    command.run(*arguments, "--out", str(path))
    assert path.read_bytes() == content


def test_a_refused_export_leaves_the_old_file(command: Command) -> None:
    path = command.directory / "ageing.csv"
    path.write_text("old")
    arguments = ("export", "ar_aging", "--tenant", "demo_1", "--out", str(path))
    assert command.run(*arguments).exit_code == 2
    assert command.run(*arguments, "--as-of", "2051-01-01").exit_code == 2
    assert path.read_text() == "old"
    assert not list(command.directory.glob("*manifest*"))


def test_standard_output_holds_the_csv_alone(command: Command) -> None:
    arguments = ("export", "dept_revenue_daily", "--tenant", "demo_1")
    done = command.spawn(*arguments, "--out", "-")
    command.run(*arguments, "--out", str(command.directory / "file.csv"))
    assert done.stdout == (command.directory / "file.csv").read_bytes()
    (line,) = done.stderr.decode().splitlines()
    assert hashlib.sha256(done.stdout).hexdigest() in line
    assert f"{len(_rows(done.stdout.decode())):,} rows of dept_revenue_daily" in line


def test_dates_bound_the_marts_own_date(command: Command) -> None:
    whole = _dates(_export(command, "dept_revenue_daily").out, "business_date")
    assert min(whole) < "2026-09-10"
    assert max(whole) == END.isoformat()
    bounded = _export(command, "dept_revenue_daily", "--from", "2026-10-05", "--to", "2026-10-07")
    assert _dates(bounded.out, "business_date") == {"2026-10-05", "2026-10-06", "2026-10-07"}
    until = _export(command, "dept_revenue_daily", "--to", "2026-10-07")
    assert max(_dates(until.out, "business_date")) == "2026-10-07"
    ageing = _export(command, "ar_aging", "--as-of", "2026-10-07")
    assert _dates(ageing.out, "as_of_date") == {"2026-10-07"}
    days = _export(command, "ar_aging", "--from", "2026-10-06", "--to", "2026-10-07")
    assert _dates(days.out, "as_of_date") == {"2026-10-06", "2026-10-07"}


def test_a_day_without_figures_is_no_empty_file(command: Command) -> None:
    for day in (date(2020, 1, 1), date(2051, 1, 1)):
        said = command.run(
            "export", "ar_aging", "--tenant", "demo_1", "--as-of", day.isoformat(), "--out", "-"
        )
        assert said.exit_code == 2
        assert said.out == ""
        assert f"demo_1 has no figures for {day}: its days are 2026-" in said.err


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_flat(installation: Installation) -> None:
    with psycopg.connect(installation.target) as connection:
        _insert_many(connection)
    command = Command.with_project(ALMONER_DSN=installation.target)
    small_rows, small = _peak(command, "--from", "2026-10-05", "--to", "2026-10-05")
    large_rows, large = _peak(command)
    assert small_rows < 100
    assert large_rows > 300_000
    assert large - small < 30


def _insert_many(connection: psycopg.Connection[Any]) -> None:
    """Repeat one row of the rollup, each time for another department."""
    found = connection.execute("select * from store.department_revenue_daily limit 0")
    names = [column.name for column in found.description or ()]
    values = ["number" if name == "department_id" else name for name in names]
    query = (
        f"insert into store.department_revenue_daily ({', '.join(names)})"
        f" select {', '.join(values)} from generate_series(100000, 400000) as number cross join"
        " (select * from store.department_revenue_daily where tenant_id = 'demo_1' limit 1)"
        " as rev"
    )
    connection.execute(query.encode())


# ru_maxrss would begin with what this process held when it forked
TELL_PEAK = """
import atexit, pathlib
def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path("peak").write_text(status.split("VmHWM:")[1].split()[0])
atexit.register(tell)
"""


def _peak(command: Command, *options: str) -> tuple[int, float]:
    """Export in a process of its own; give the rows and the most memory it held, in MB."""
    arguments = ("export", "dept_revenue_daily", "--tenant", "demo_1", "--out", "many.csv")
    done = command.spawn(*arguments, *options, before=TELL_PEAK)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((command.directory / "many.csv.manifest.json").read_text())
    return manifest["rows"], int((command.directory / "peak").read_text()) / 1024


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_what_is_no_ordinary_file_stays(command: Command, name: str) -> None:
    pipe = command.directory / "pipe"
    os.mkfifo(pipe)
    (command.directory / "link").symlink_to(pipe)
    out = command.directory / name
    said = command.run("export", "dept_revenue_daily", "--tenant", "demo_1", "--out", str(out))
    assert (said.exit_code, "no ordinary file" in said.err) == (2, True)
    assert pipe.is_fifo()
    assert not list(command.directory.glob("*.manifest.json"))


@pytest.mark.parametrize("tenant", ["demo_1' or '1'='1", "", "*", "DEMO_1", "demo_1\n", "\udcff"])
def test_nothing_but_a_tenants_name_is_a_tenant(command: Command, tenant: str) -> None:
    said = command.run("export", "dept_revenue_daily", "--tenant", tenant, "--out", "-")
    assert (said.exit_code, said.out) == (2, "")
