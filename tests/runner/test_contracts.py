"""Contracts that change after their tables have landed, and where the project is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from runner import contracts, db, project, releases, sync
from runner.errors import ConfigError
from runner.settings import Settings, Source
from tests.conftest import ROOT, Databases

EXAMPLE = ROOT / "examples" / "clinic"


class Clinic:
    """A project of one small system, whose contract a test may edit."""

    def __init__(self, root: Path, source: str, target: str) -> None:
        self.source, self.target = source, target
        self.contract = root / "models" / "staging" / "clinic" / "_sources.yml"
        self.contract.parent.mkdir(parents=True)
        (root / "dbt_project.yml").write_text("name: almoner\n")
        self.contract.write_text((EXAMPLE / "staging" / "_sources.yml").read_text())
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute((EXAMPLE / "schema.sql").read_text().encode())

    def edit(self, table: str, column: str | None = None, **meta: Any) -> None:
        """Change a table's meta, or a column, in the contract."""
        content = yaml.safe_load(self.contract.read_text())
        entry = next(each for each in content["sources"][0]["tables"] if each["name"] == table)
        if column:
            found = next(each for each in entry["columns"] if each["name"] == column)
            found.update(meta)
        else:
            entry["config"]["meta"].update(meta)
        self.contract.write_text(yaml.safe_dump(content))

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        with db.connect(self.target) as connection:
            releases.prepare(connection)
            yield connection

    def sync(self) -> dict[str, int]:
        """Land what changed; give the rows that each table brought."""
        configured = Settings(sources={"hill": Source(system="clinic", dsn=self.source)})
        with self.connect() as connection:
            release = releases.open_release(connection)
            landings = sync.sync(connection, configured, release)
            releases.revert(connection, release, "sync only")
        return {each.table.name: each.landed for each in landings if each.is_change}


@pytest.fixture
def clinic(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    monkeypatch.setenv(project.VARIABLE, str(tmp_path))
    return Clinic(tmp_path, databases.create(), databases.create())


def test_a_column_may_have_another_name_than_in_the_source(clinic: Clinic) -> None:
    assert clinic.sync() == {"clinics": 2, "bills": 4, "bill_lines": 5, "receipts": 3}
    with clinic.connect() as connection:
        found = db.rows(connection, "select tenant_id, code from raw_clinic.clinics order by 1")
    assert [tuple(row.values()) for row in found] == [("hill_1", "HIL"), ("hill_2", "LAK")]


def test_a_name_that_raw_tables_use_is_refused(clinic: Clinic) -> None:
    clinic.edit("clinics", "code", name="tenant_id")
    with pytest.raises(ConfigError, match=r"clinics\.tenant_id") as caught:
        contracts.load("clinic")
    assert "column: tenant_id" in caught.value.hint


def test_what_is_carried_and_indexed_follows_the_contract(clinic: Clinic) -> None:
    clinic.sync()
    clinic.edit("receipts", carry=["bill_id"], indexes=[["tenant_id", "taken"]])
    with psycopg.connect(clinic.source, autocommit=True) as connection:
        connection.execute("update receipts set bill_id = 2 where id = 1")
    assert clinic.sync() == {"receipts": 1}
    with clinic.connect() as connection:
        fed = db.rows(connection, "select bill_id from feed.raw_clinic__receipts order by 1")
        found = db.one(
            connection, "select to_regclass('raw_clinic.receipts_tenant_id_taken') as id"
        )
    assert [row["bill_id"] for row in fed] == [1, 2]
    assert found["id"]


@pytest.mark.parametrize(
    ("table", "column", "change", "named"),
    [
        ("bill_lines", "vat", {"data_type": "integer"}, "vat has landed as numeric"),
        ("bill_lines", None, {"key": ["bill_id"]}, "landed by the key id"),
        ("bill_lines", None, {"tenant": "bill_id"}, "landed without a tenant"),
    ],
)
def test_a_table_that_cannot_be_kept_is_landed_anew(
    clinic: Clinic, table: str, column: str | None, change: dict[str, Any], named: str
) -> None:
    clinic.sync()
    before = clinic.contract.read_text()
    clinic.edit(table, column, **change)
    with pytest.raises(ConfigError, match=named) as caught:
        clinic.sync()
    command = caught.value.hint.split("'")[1]
    with psycopg.connect(clinic.target, autocommit=True) as connection:
        connection.execute(command.encode())
    clinic.contract.write_text(before)
    assert clinic.sync() == {table: 5}


def test_the_project_is_named_or_found_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: almoner\n")
    inner = tmp_path / "models" / "marts"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert project.root() == tmp_path
    other = tmp_path / "other"
    other.mkdir()
    (other / "dbt_project.yml").write_text("name: another\n")
    monkeypatch.chdir(other)
    assert project.root() == tmp_path
    monkeypatch.setenv(project.VARIABLE, str(other))
    with pytest.raises(ConfigError, match="of an Almoner project"):
        project.root()


def test_outside_of_any_project_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(project, "__file__", str(tmp_path / "runner" / "project.py"))
    with pytest.raises(ConfigError, match="no Almoner project") as caught:
        project.root()
    assert "--project-dir" in caught.value.hint
