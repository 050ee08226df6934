"""CONTRIBUTING, followed to the letter in a copy of the project: a report, a source system."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.acceptance.conftest import Installation
from tests.conftest import ROOT, Databases

pytestmark = pytest.mark.acceptance

EXAMPLE = ROOT / "examples" / "clinic"
PARTS = ("models", "macros", "seeds", "snapshots", "tests")


@dataclass(frozen=True)
class Project:
    """A copy of the project, worked on through the command alone."""

    root: Path
    environment: dict[str, str]

    def run(self, line: str) -> str:
        """Run a line of the documentation as a shell would; give what it printed."""
        done = self.attempt(line)
        assert done.returncode == 0, f"{line}: {done.stderr or done.stdout}"
        return done.stdout

    def attempt(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line that may fail."""
        return subprocess.run(
            ["sh", "-c", line], cwd=self.root, env=self.environment, capture_output=True,
            text=True, check=False, timeout=600,
        )  # fmt: skip

    def rows(self, line: str) -> list[dict[str, str]]:
        """Run an export and give its rows."""
        return list(csv.DictReader(io.StringIO(self.run(line))))


def blocks(section: str, language: str) -> list[str]:
    """Give the code blocks of one language under a heading of CONTRIBUTING."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    part = re.split(r"^## ", text.split(f"## {section}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", part, flags=re.M | re.S)
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, body in found]


@pytest.fixture
def copy(installation: Installation, tmp_path: Path) -> Project:
    """Copy what makes a project, and put `almoner` on the path as `make setup` does."""
    root, programs = tmp_path / "project", tmp_path / "bin"
    root.mkdir()
    programs.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "dbt_project.yml", root)
    (root / "almoner.yml").write_text(
        yaml.safe_dump({"sources": {"demo": {"system": "hms", "dsn": installation.source}}})
    )
    command = programs / "almoner"
    command.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from runner.cli import main; main()' \"$@\"\n"
    )
    command.chmod(0o755)
    return Project(
        root,
        {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ALMONER_DSN": installation.target,
            "ALMONER_STATE": str(tmp_path / "state"),
        },
    )


def test_a_new_engineer_adds_a_report_and_a_source_system(
    copy: Project, databases: Databases
) -> None:
    adds_a_report(copy)
    adds_a_source_system(copy, databases.create())


def adds_a_report(project: Project) -> None:
    scaffold, tries = blocks("Add a report", "sh")
    project.run(scaffold)
    mart = project.root / "models" / "marts" / "finance" / "revenue_by_weekday"
    project.run("almoner build")  # as scaffolded it builds
    assert project.rows("almoner export revenue_by_weekday --tenant demo_1 --out -")
    assert project.attempt(scaffold.strip()).returncode == 2  # the name is taken

    # other columns are refused, since readers may use the old ones; so start it anew
    written = {}
    for suffix, language in ((".sql", "sql"), (".yml", "yaml")):
        mart.with_suffix(suffix).write_text(blocks("Add a report", language)[0])
        written[suffix] = mart.with_suffix(suffix).read_text()
    refused = project.attempt("almoner build")
    assert refused.returncode == 4
    assert "CONTRIBUTING" in refused.stderr
    for suffix in written:
        mart.with_suffix(suffix).unlink()
    project.run("almoner build")
    assert project.attempt("almoner marts revenue_by_weekday").returncode == 2
    project.run("almoner releases rollback")  # where it still was
    assert project.attempt("almoner marts revenue_by_weekday").returncode == 0
    newest = json.loads(project.run("almoner status --json"))["newest"]
    project.run(f"almoner releases rollback --to {newest}")
    assert project.attempt("almoner marts revenue_by_weekday").returncode == 2
    for suffix, text in written.items():
        mart.with_suffix(suffix).write_text(text)

    for line in tries.strip().splitlines():
        assert project.run(line)
    days = project.rows("almoner export revenue_by_weekday --tenant demo_1 --out -")
    daily = project.rows("almoner export dept_revenue_daily --tenant demo_1 --out -")
    assert {row["weekday_number"] for row in days} == set("1234567")
    assert total(days) == total(daily) != 0


def adds_a_source_system(project: Project, source: str) -> None:
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute((EXAMPLE / "schema.sql").read_text().encode())
    shutil.copytree(EXAMPLE / "staging", project.root / "models" / "staging" / "clinic")
    name_the_source(project, source)
    unlisted = project.attempt("almoner build")
    assert (unlisted.returncode, "vars.systems.clinic" in unlisted.stderr) == (2, True)

    file = project.root / "dbt_project.yml"
    listed = "    clinic: [tenants, invoices, invoice_lines, payments]\n"
    file.write_text(file.read_text().replace("  systems:\n", f"  systems:\n{listed}"))
    for line in blocks("Add a source system", "sh")[0].strip().splitlines():
        assert project.run(line)
    revenue = project.rows("almoner export dept_revenue_daily --tenant hill_1 --out -")
    # the second bill was issued after midnight in Nairobi
    assert [(row["business_date"], row["net_revenue_amount"]) for row in revenue] == [
        ("2026-10-01", "250.0000"),
        ("2026-10-03", "80.0000"),
    ]
    ageing = "almoner export ar_aging_invoices --tenant {} --as-of 2026-11-02 --out -"
    assert owed(project.rows(ageing.format("hill_1"))) == {"H-1": "82.0000", "H-2": "80.0000"}
    assert owed(project.rows(ageing.format("hill_2"))) == {"L-1": "3540.0000"}
    aside = project.rows("almoner export set_aside_rows --tenant hill_2 --out -")
    assert [row["reject_reason"] for row in aside] == ["payment without its invoice"]

    # a change finds its way: the bill gets its line, the receipt its bill
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("update bill_lines set bill_id = 2 where id = 2")
        connection.execute("update receipts set bill_id = 4 where id = 3")
    project.run("almoner build")
    assert owed(project.rows(ageing.format("hill_1"))) == {"H-1": "32.0000", "H-2": "130.0000"}
    assert owed(project.rows(ageing.format("hill_2"))) == {"L-1": "3530.0000"}


def test_a_seed_gains_a_column(copy: Project) -> None:
    seed = copy.root / "seeds" / "revenue_points.csv"
    head, *lines = seed.read_text().splitlines()
    copy.run("almoner build")
    seed.write_text("\n".join([f"{head},sort_order", *(f"{line},1" for line in lines)]) + "\n")
    about = seed.with_suffix(".yml")
    typed = "        revenue_point_name: text\n"
    assert typed in about.read_text()
    about.write_text(about.read_text().replace(typed, f"{typed}        sort_order: integer\n"))
    assert "published release" in copy.run("almoner build")


def name_the_source(project: Project, dsn: str) -> None:
    """Add the source as CONTRIBUTING writes it, by its address instead of its database."""
    documented = yaml.safe_load(blocks("Add a source system", "yaml")[0])["sources"]
    configured = yaml.safe_load((project.root / "almoner.yml").read_text())
    for name, source in documented.items():
        configured["sources"][name] = {"system": source["system"], "dsn": dsn}
    (project.root / "almoner.yml").write_text(yaml.safe_dump(configured))


def total(rows: list[dict[str, str]]) -> Decimal:
    return sum((Decimal(row["net_revenue_amount"]) for row in rows), Decimal(0))


def owed(rows: list[dict[str, str]]) -> dict[str, str]:
    return {
        row["invoice_number"]: row["outstanding_amount"] for row in rows if row["invoice_number"]
    }
