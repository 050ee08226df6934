"""Figures that are traced down to their postings and raw rows."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from runner import db, trace
from runner.errors import ConfigError, TraceError
from runner.marts import Mart
from tests.acceptance.conftest import Installation

ROWS, SHOWN = 3, 20
TRACED = {
    "revenue_by_department", "revenue_by_doctor", "revenue_by_payer_monthly", "revenue_by_service",
    "revenue_point_breakdown", "collections_by_method", "dept_revenue_daily", "tax_summary",
    "invoice_balances", "ar_aging_invoices", "ar_aging", "ar_aging_debtors", "dues_by_patient",
    "trial_balance", "income_statement", "revenue_vs_target",
}  # fmt: skip


def _some(connection: db.Connection, mart: Mart, chance: random.Random) -> list[dict[str, Any]]:
    """Give some rows of a mart, of a day in the past if it holds for a day."""
    connection.execute("select set_config('almoner.tenant', 'demo_1', false)")
    when = ""
    if "as_of_date" in mart.grain:
        when = " where as_of_date = (select max(business_date) - 9 from marts.transaction_detail)"
    rows = db.rows(connection, f"select * from marts.{mart.name}{when}")
    rows.sort(key=lambda row: [str(row[column]) for column in mart.grain])
    return chance.sample(rows, min(ROWS, len(rows)))


def test_every_figure_that_can_be_traced_is_the_sum_of_its_postings(
    demo: Installation,
) -> None:
    chance = random.Random(11)
    traced: set[str] = set()
    with demo.connect() as connection:
        for mart in demo.marts():
            measures = trace._measures(mart)
            if not measures:
                continue
            for row in _some(connection, mart, chance):
                # an invoice in parts has one balance, which its parts share
                left_out = {"instalment_number", "debtor_id"}
                key = {
                    column: str(row[column])
                    for column in mart.grain
                    if column not in trace.LEFT_OUT
                    if column not in left_out or mart.name == "ar_aging_debtors"
                }
                for measure in measures:
                    found = trace.trace(connection, mart.name, key, measure, limit=SHOWN)
                    column = "outstanding_amount" if found.kind != "posting" else "contribution"
                    if found.count <= SHOWN:
                        shown = sum((each[column] for each in found.rows), Decimal(0))
                        assert (found.count, shown) == (len(found.rows), found.figure)
                    if not left_out & set(mart.grain):
                        assert found.figure == row[measure]
                    traced.add(mart.name)
    assert traced >= TRACED


def test_each_posting_names_the_raw_rows_it_comes_from(demo: Installation) -> None:
    with demo.connect() as connection:
        connection.execute("select set_config('almoner.tenant', 'demo_1', false)")
        kinds = db.rows(
            connection,
            "select distinct on (document_type) document_type, invoice_id, business_date, share,"
            " document_id from marts.transaction_detail order by document_type, document_id",
        )
        assert {row["document_type"] for row in kinds} >= {
            "invoice", "payment", "refund", "credit_note", "wallet_transaction", "adjustment",
        }  # fmt: skip
        tables = trace._landed(connection)
        for row in kinds:
            named = trace._raw(connection, tables, "demo_1", {**row, "line_id": 0})
            table, number = named.split(", ")[0].split(" ")
            assert int(number) == row["document_id"]
            raw = db.one(connection, f"select count(*) as size from {table} where id = {number}")
            assert raw["size"] == 1


@pytest.mark.parametrize(
    ("mart", "key", "measure", "told"),
    [
        ("nothing", {"tenant_id": "demo_1"}, None, "no mart nothing"),
        ("revenue_by_doctor", {"practitioner_id": "1"}, None, "key is not complete"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "room": "1"}, None, "room is no key"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "business_date": "x"}, None, "syntax"),
        ("revenue_by_doctor", {"tenant_id": "demo_1"}, "line_count", "no measure line_count"),
        ("revenue_by_doctor", {"tenant_id": "demo_9"}, None, "no tenant demo_9"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "practitioner_id": "-3"}, None, "no such"),
        ("ar_aging", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("revenue_vs_target", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("income_statement", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("current_stock", {"tenant_id": "demo_1", "as_of_date": "2026-03-01"}, None, "sums no"),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_told(
    demo: Installation, mart: str, key: dict[str, str], measure: str | None, told: str
) -> None:
    with demo.connect() as connection, pytest.raises(ConfigError, match=told):
        trace.trace(connection, mart, key, measure)


def test_a_figure_that_its_postings_do_not_make_is_an_error(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trace.MEASURES, "net_revenue_amount", (trace.Term("revenue"),))
    with (
        installation.connect() as connection,
        pytest.raises(TraceError, match=r"net_revenue_amount is .* sums to"),
    ):
        trace.trace(connection, "revenue_by_department", {"tenant_id": "demo_1"})
