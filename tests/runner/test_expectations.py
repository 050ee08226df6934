"""What is expected of landed rows: each kind of expectation fails when it should, and is told."""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg
import pytest

from runner import contracts, expectations, releases, sync
from runner.errors import AuditError
from runner.expectations import Finding
from runner.settings import Settings, Source
from tests.conftest import ROOT, Databases
from tests.runner.test_sync import HOSPITAL, Pair

SECRET = "Nobody-Outside-Knows"
ROWS = f"""
insert into hms.patients (id, hospital_id, number, first_name, last_name)
values (1, 1, '{SECRET}', 'x', 'x');
insert into hms.invoices (
    id, hospital_id, number, patient_id, billable_type, source_app, currency_code, status
)
values
(1, 1, 'I1', 1, 'visit', 'desk', 'KES', 'draft'),
(2, 2, 'I2', 1, 'visit', 'desk', 'EUR', 'draft');
"""


@pytest.fixture
def pair(databases: Databases, empty_hms: str) -> Pair:
    made = Pair(databases.create(empty_hms), databases.create())
    made.run(HOSPITAL)
    made.run(ROWS)
    return made


def _check(pair: Pair) -> set[tuple[str, ...]]:
    """Sync and validate; give what is not met."""
    configured = Settings(sources={"demo": Source(system="hms", dsn=pair.source)})
    with pair.connect() as connection:
        release = releases.open_release(connection)
        sync.sync(connection, configured, release, accept_deletions=True)
        found = expectations.check(connection, pair.target, configured, release=release)
        releases.revert(connection, release, "test")
    assert found
    return {
        (each.severity, each.batch, each.column or "", each.expects)
        for each in found
        if not each.is_met
    }


IS_MISSING = ("warning", "demo.invoices", "patient_id_is_missing", "column values to be in set")


def test_each_kind_of_expectation_can_fail(pair: Pair) -> None:
    # a patient of another tenant is none of the invoice's
    assert _check(pair) == {IS_MISSING}
    pair.run("alter table hms.invoices drop constraint invoices_status_check")
    pair.run(
        "update hms.invoices set patient_id = null, status = 'lost', total_amount = 'NaN',"
        " due_date = '0001-01-01', issued_at = now() where id = 2"
    )
    with psycopg.connect(pair.target, autocommit=True) as connection:
        # what no source can do to raw
        connection.execute("alter table raw_hms.hospitals drop constraint hospitals_pkey cascade")
        connection.execute("alter table raw_hms.hospitals alter updated_at drop not null")
        connection.execute("insert into raw_hms.hospitals select * from raw_hms.hospitals")
        connection.execute("update raw_hms.hospitals set updated_at = null, landed_in = 100")
        connection.execute("alter table raw_hms.departments add column beside int")
        connection.execute("select setval('almoner.release_numbers', 100)")
    found = _check(pair)
    assert found == {
        ("warning", "demo.invoices", "status", "column values to be in set"),
        ("warning", "demo.invoices", "total_amount", "column values to be between"),
        ("warning", "demo.invoices", "due_date", "column values to be between"),
        ("error", "demo.hospitals", "updated_at", "column values to not be null"),
        ("error", "demo.hospitals", "", "compound columns to be unique"),
    }
    pages = list(expectations.docs().rglob("*.html"))
    assert (expectations.docs() / "index.html") in pages
    assert len(pages) > 3
    for page in pages:
        text = page.read_text()
        assert SECRET not in text
        assert not re.search(
            r"<script|<link|<iframe|@import|(src|href)=.https?:|url\(.?http", text
        )


def test_an_error_stops_and_a_warning_does_not() -> None:
    warning = Finding("demo.x", "values to be in set", "status", "warning", False, 9, 3)
    expectations.require([warning])
    error = Finding("demo.x", "values to not be null", "id", "error", False, 9, 3)
    with pytest.raises(AuditError, match=r"demo\.x id: values to not be null is not met"):
        expectations.require([warning, error])


def test_a_row_of_a_table_that_a_source_lacks_is_not_missing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = contracts.load("hms")
    optional = [replace(each, is_optional=each.name == "patients") for each in contract.tables]
    lenient = replace(contract, tables=tuple(optional))
    monkeypatch.setattr(contracts, "load", lambda system: lenient)
    assert _check(pair) == {IS_MISSING}
    pair.run("alter table hms.patients rename to patients_away")
    pair.run("update hms.invoices set number = 'X' || number")
    assert _check(pair) == set()


def test_a_day_unlike_those_before_is_told(pair: Pair) -> None:
    pair.sync()
    with pair.connect() as connection:
        connection.execute("delete from almoner.landings")
        for days_ago, size in enumerate([0, *[100, 104, 96, 100, 102, 98, 100, 101]]):
            connection.execute(
                "insert into almoner.releases (release_id, state, started_at)"
                " values (1000 + %s, 'reverted', now() - %s * interval '1 day')",
                (days_ago, days_ago),
            )
            connection.execute(
                "insert into almoner.landings values (1000 + %s, 'demo', 'raw_hms__payments',"
                " %s, 0, 0)",
                (days_ago, size),
            )
        found = expectations._of_volumes(expectations._volumes(connection, ["demo"]))
        told = {each.batch: each for each in found}
        assert not told["demo.payments"].is_met
        assert told["demo.payments"].severity == "warning"
        assert told["demo.invoices"].is_met
        connection.execute("update almoner.landings set rows_landed = 99 where release_id = 1000")
        found = expectations._of_volumes(expectations._volumes(connection, ["demo"]))
        assert all(each.is_met for each in found)


STAGED = [
    (table, column)
    for table in contracts.load("hms").tables
    for column in table.columns
    if column.accepted
]


@pytest.mark.parametrize(("table", "column"), STAGED, ids=lambda each: each.name)
def test_an_accepted_set_is_what_staging_knows(
    table: contracts.Table, column: contracts.Column
) -> None:
    views = [
        path.read_text()
        for path in (ROOT / "models" / "staging" / "hms").glob("*.sql")
        if f"source('hms', '{table.name}')" in path.read_text()
        or f"source('hms', '{table.raw_name}')" in path.read_text()
    ]
    known = [
        set(re.findall(r"'(\w+)'", values))
        for text in views
        for values in re.findall(rf"{column.name}(?:, '')?\)? not in \(([^)]*)\)", text)
    ]
    assert set(column.accepted) in known
