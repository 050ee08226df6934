"""Cases of other systems' own tests: loaded as files, and the marts say what they assert."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from runner import contracts
from tests.acceptance import other_systems
from tests.acceptance.hospital_files import CASES, Figures, write
from tests.command import Command
from tests.conftest import ROOT, Databases

pytestmark = pytest.mark.acceptance

__all__ = ["other_systems"]  # which fills CASES
README = (ROOT / "models" / "staging" / "hms" / "README.md").read_text()
NOTHING_ASIDE = Figures("set_aside_rows", {}, {"row_count": Decimal(0)})


def test_the_marts_say_what_other_systems_assert(databases: Databases, tmp_path: Path) -> None:
    files, documented = _folder(tmp_path / "files"), _folder(tmp_path / "north")
    target = databases.create()
    command = Command.with_project(ALMONER_DSN=target)
    _write_documented(documented)
    # whatever arrives late, and lets others go whose document was not there
    for step in (2, 1):
        write(CASES, files, step)
        command.do("load", str(files), "--source", "case", "--system", "hms")
        command.do("load", str(documented), "--source", "north", "--system", "hms")
        command.do("build")
    wanted = [
        (f"case_{each.hospital}", f"{each}", figures)
        for each in CASES
        for figures in (*each.expected, NOTHING_ASIDE)
    ] + [("north_1", "models/staging/hms/README.md", figures) for figures in _documented_figures()]
    with psycopg.connect(target) as connection:
        amiss = [
            f"{name}: {figures}: {found}"
            for tenant, name, figures in wanted
            if (found := _sums(connection, tenant, figures)) != figures.sums
        ]
    assert not amiss, "\n".join(amiss)


def test_each_case_is_another_one_and_expects_something() -> None:
    assert max(Counter(str(each) for each in CASES).values()) == 1
    assert all(each.expected for each in CASES)


def test_the_documented_columns_are_those_of_the_contract() -> None:
    tables = {table.source_name: set(table.column_names) for table in contracts.load("hms").tables}
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in README.split("## What happens")[0].splitlines()
        if line.startswith("| `")
    ]
    for files, needed, optional in rows:
        names = re.findall(r"`(\w+)`", files)
        known = set.intersection(*(tables[name] for name in names))
        if len(names) == 1:
            words = re.findall(r"`(\w+)`", needed + optional)
            values = {"storage"}
            assert set(words) <= known | values, (names, set(words) - known)
    documented = {name for files, *_ in rows for name in re.findall(r"`(\w+)`", files)}
    written = {table for each in CASES for table in each.rows}
    assert written <= documented | {"wallets"}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _write_documented(folder: Path) -> None:
    """Write the files of the README's example."""
    for name, text in re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", README, flags=re.DOTALL):
        (folder / name).write_text(text)


def _documented_figures() -> list[Figures]:
    """Give what the README says of its example."""
    early, late = date(2026, 3, 10), date(2026, 3, 31)
    return [
        _open(early, 1, "36", days_past_due=8),
        _open(early, 2, "100"),
        _open(late, 1, "0"),
        _open(late, 2, "100", bucket_code="not_due"),
        NOTHING_ASIDE,
    ]


def _open(day: date, part: int, amount: str, **filters: Any) -> Figures:
    where = {"as_of_date": day, "instalment_number": part, **filters}
    return Figures("ar_aging_invoices", where, {"outstanding_amount": Decimal(amount)})


def _sums(
    connection: psycopg.Connection[Any], tenant: str, figures: Figures
) -> dict[str, Decimal]:
    """Add up what a mart says of a tenant; of no rows it is nothing."""
    connection.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
    query = sql.SQL("select {} from {} where {}").format(
        sql.SQL(", ").join(
            sql.SQL("coalesce(sum({}), 0)").format(sql.Identifier(column))
            for column in figures.sums
        ),
        sql.Identifier("marts", figures.mart),
        sql.SQL(" and ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value))
            for column, value in {"tenant_id": tenant, **figures.filters}.items()
        ),
    )
    row = connection.execute(query).fetchone()
    assert row is not None
    return dict(zip(figures.sums, map(Decimal, row), strict=True))
