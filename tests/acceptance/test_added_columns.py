"""A released table gains a column: what it costs, who waits, and what an undone one leaves."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from runner import build, project, status
from runner.errors import AuditError, PublicationError
from tests.acceptance.conftest import Installation
from tests.conftest import ROOT, Databases

pytestmark = pytest.mark.acceptance

MODEL = "models/core/finance/fct_invoices"


class Edited:
    """A copy of the project, of which a model gains, changes and loses columns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("models", "macros", "seeds", "snapshots", "tests"):
            ignored = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        shutil.copy(ROOT / "dbt_project.yml", root)
        self._sql, self._yml = (root / f"{MODEL}{suffix}" for suffix in (".sql", ".yml"))
        self._select, self._about = self._sql.read_text(), self._yml.read_text()

    def add(self, name: str, data_type: str, expression: str) -> None:
        """Let the model have one column more than it began with."""
        body, _, last = self._select.rstrip().rpartition("select * from ")
        self._sql.write_text(
            f"{body}select *, ({expression})::{data_type} as {name} from {last}\n"
        )
        content = yaml.safe_load(self._about)
        column = {"name": name, "data_type": data_type, "description": "Added."}
        content["models"][0]["columns"].append(column)
        self._yml.write_text(yaml.safe_dump(content, sort_keys=False))

    def take_back(self) -> None:
        self._sql.write_text(self._select)
        self._yml.write_text(self._about)


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edited]:
    made = Edited(tmp_path)
    monkeypatch.setenv(project.VARIABLE, str(tmp_path))
    yield made


def released(installation: Installation, outcome: build.Outcome, table: str) -> int:
    """Give the rows that a release added to a table."""
    assert outcome.release is not None
    with installation.connect() as connection:
        changed = status.changed_rows(connection, outcome.release)
    return sum(row["rows_added"] for row in changed if row["table_name"] == table)


def current(installation: Installation) -> list[tuple[str]]:
    """Give the current invoices with the added column."""
    with psycopg.connect(installation.target) as connection:
        return connection.execute(
            "select to_jsonb(inv) - 'released_in' || '{}' from store.fct_invoices as inv"
            " where retired_in = 2147483647 order by 1"
        ).fetchall()


def test_an_added_column_restates_only_what_differs(
    installation: Installation, edited: Edited, databases: Databases
) -> None:
    with psycopg.connect(installation.target) as connection:
        (ids,) = connection.execute(
            "select array_agg(invoice_id) from (select invoice_id from store.fct_invoices"
            " where tenant_id = 'demo_1' order by 1 limit 3) as few"
        ).fetchone() or ([],)
    edited.add("origin", "text", "'web'")
    assert released(installation, installation.build(), "fct_invoices") == 0
    edited.add(
        "origin",
        "text",
        f"case when tenant_id = 'demo_1' and invoice_id in ({named(ids)})"
        " then 'desk' else 'web' end",
    )
    assert released(installation, installation.build(), "fct_invoices") == 3
    installation.live(1)
    installation.build()
    fresh = Installation(installation.source, databases.create())
    fresh.build()
    assert current(installation) == current(fresh)
    assert installation.published() == fresh.published()

    edited.take_back()
    with pytest.raises(PublicationError, match="fct_invoices: column origin removed") as refused:
        installation.build()
    assert "another name" in refused.value.hint


def named(ids: list[object]) -> str:
    return ", ".join(repr(each) if isinstance(each, str) else str(each) for each in ids)
