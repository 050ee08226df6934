"""Figures that are traced down to their rows in the journal, the facts and the sources."""

from __future__ import annotations

import random
import shlex
from decimal import Decimal
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import contracts, db, landing_only, trace
from runner.demo import generator
from runner.errors import ConfigError, TraceError
from runner.marts import Mart
from runner.trace import Trace, declared, raw_rows
from runner.trace.declared import Rows, Term
from tests.acceptance.conftest import END, EXCEPTIONS, Installation
from tests.acceptance.test_periods import CHANGES, CLOSE
from tests.conftest import Databases

ROWS, SHOWN = 2, 20
NOW = "(select max(business_date) - 9 from marts.transaction_detail)"


def _some(connection: db.Connection, mart: Mart, chance: random.Random) -> list[dict[str, Any]]:
    """Give some rows of a mart, of a day in the past if it holds for a day."""
    when = f" where as_of_date = {NOW}" if "as_of_date" in mart.grain else ""
    rows = db.rows(connection, f"select * from marts.{mart.name}{when}")
    rows.sort(key=lambda row: [str(row[column]) for column in mart.grain])
    # and the fullest row, which has the most to explain
    fullest = max(rows, default=None, key=lambda row: sum(map(bool, row.values())))
    return [*chance.sample(rows, min(ROWS, len(rows))), *([fullest] if fullest else [])]


def _key(mart: Mart, row: dict[str, Any]) -> dict[str, str | None]:
    return {name: "" if row[name] is None else str(row[name]) for name in mart.grain}


def _check(found: Trace) -> None:
    """Assert that what is shown of a figure makes it, and so on down to rows of tables."""
    values = [each["contribution"] for each in found.rows if "contribution" in each]
    if found.how == "sum" and found.figure is not None and found.count <= SHOWN:
        assert (found.count, sum(values, Decimal(0))) == (len(found.rows), found.figure)
    if found.how == "max" and values:
        assert max(values) == found.figure
    if found.how == "count":
        assert found.count == found.figure
    if found.how in ("formula", "share"):
        assert found.operands or found.facts
    for operand in found.operands:
        _check(operand)


def _trace_sums(tracer: trace.Tracer, mart: Mart, rows: list[dict[str, Any]]) -> None:
    """Trace each measure over all rows of the tenant, or of a day, if they may be added."""
    for row in rows:
        key = {name: str(row[name]) for name in mart.grain if name in ("tenant_id", "as_of_date")}
        for measure in trace.traceable(mart):
            try:
                _check(tracer.trace(mart, key, measure))
            except ConfigError as error:
                if not any(
                    told in error.message for told in ("key is not complete", "is not shown")
                ):
                    raise


def _tried(tracer: trace.Tracer, mart: Mart, row: dict[str, Any], measure: str) -> Trace | None:
    """Trace a figure, unless it is a count that may be withheld, or needs one."""
    try:
        return tracer.trace(mart, _key(mart, row), measure)
    except ConfigError as error:
        if "is not shown" not in error.message:
            raise
        return None


def traced_marts(connection: db.Connection, marts: list[Mart], tenant: str) -> set[str]:
    """Trace each measure of some rows of marts, and of all together; give those with rows."""
    chance, traced = random.Random(11), set[str]()
    with trace.reading(connection, tenant, SHOWN) as tracer:
        for mart in marts:
            rows = _some(connection, mart, chance)
            _trace_sums(tracer, mart, rows[:1])
            for row in rows:
                for measure in trace.traceable(mart):
                    traced.add(mart.name)
                    found = _tried(tracer, mart, row, measure)
                    if found is None:
                        assert row[measure] is None
                        continue
                    assert found.figure == row[measure], (mart.name, measure, row)
                    _check(found)
    return traced


def test_every_measure_of_every_mart_is_traced(demo: Installation) -> None:
    marts = demo.marts()
    with demo.connect() as connection:
        traced = traced_marts(connection, marts, "demo_1")
    assert traced == {mart.name for mart in marts if declared.measures(mart)} - EXCEPTIONS


def test_what_a_clean_source_leaves_empty_is_traced_too(
    demo: Installation, databases: Databases
) -> None:
    target = databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    spoilt = Installation(databases.create(), target)
    with db.connect(spoilt.source) as connection:
        generator.generate(connection, 3, 60, 8, END, 7, dirty=0.05)
    landing_only.close_period(target, CLOSE)
    assert landing_only.policy(target, "demo_3", 5)
    spoilt.run(CHANGES)
    spoilt.run("update hms.invoices set total_amount = total_amount + 1 where hospital_id = 2")
    spoilt.build(accept_deletions=True)
    marts = [mart for mart in spoilt.marts() if mart.name in EXCEPTIONS]
    with spoilt.connect() as connection:
        found = {
            name
            for tenant in ("demo_1", "demo_2")
            for name in traced_marts(connection, marts, tenant)
        }
        assert found == EXCEPTIONS
        _counts_stay_withheld(connection, spoilt.marts())


def _counts_stay_withheld(connection: db.Connection, marts: list[Mart]) -> None:
    """Nothing is told of a count that the tenant's policy withholds."""
    asked = 0
    with trace.reading(connection, "demo_3") as tracer:
        for mart in marts:
            if "is_suppressed" in {column.name for column in mart.columns}:
                rows = db.rows(connection, f"select * from marts.{mart.name} where is_suppressed")
                for row in [row for row in rows if row["visit_count"] is None][:3]:
                    asked += 1
                    with pytest.raises(ConfigError, match="is not shown"):
                        tracer.trace(mart, _key(mart, row), "visit_count")
    assert asked > 3


def test_a_sum_of_several_rows_adds_them_up(demo: Installation) -> None:
    key = {"tenant_id": "demo_1", "currency_code": "USD"}
    with demo.connect() as connection:
        measures = ("net_revenue_amount", "discount_amount")
        for measure in measures:
            found = trace.trace(connection, "revenue_by_department", key, measure, limit=2)
            assert (len(found.rows), found.how, found.kind) == (2, "sum", "fct_postings")
            assert found.count > 2
            assert found.figure


@pytest.mark.parametrize("mart", ["open_receivables", "ar_aging_invoices"])
def test_receivables_of_a_kind_of_document_add_up(demo: Installation, mart: str) -> None:
    rows = (
        f"select tenant_id, document_type, as_of_date, sum(outstanding_amount) as amount"
        f" from marts.{mart} where as_of_date = {NOW} group by 1, 2, 3"
    )
    with demo.connect() as connection, trace.reading(connection, "demo_1") as tracer:
        found = db.rows(connection, rows)
        assert "invoice" in {row["document_type"] for row in found}
        (traced,) = [each for each in demo.marts() if each.name == mart]
        for row in found:
            key = {name: str(row[name]) for name in ("tenant_id", "as_of_date", "document_type")}
            assert tracer.trace(traced, key, "outstanding_amount").figure == row["amount"]
        debtor = db.one(
            connection,
            f"select tenant_id, as_of_date, debtor_id from marts.{mart} where as_of_date = {NOW}"
            " group by 1, 2, 3 order by count(*) desc limit 1",
        )
        with pytest.raises(ConfigError, match="key is not complete"):
            tracer.trace(
                traced, {name: str(debtor[name]) for name in debtor}, "outstanding_amount"
            )


def test_the_default_is_what_a_mart_is_about(demo: Installation) -> None:
    default = {
        mart.name: trace.chosen(mart, None) for mart in demo.marts() if trace.traceable(mart)
    }
    assert {default[f"revenue_by_{each}"] for each in ("department", "doctor", "payer")} == {
        "net_revenue_amount"
    }
    assert default["trial_balance"] == "closing_amount"
    assert default["invoice_balances"] == "open_amount"
    assert default["ar_aging_invoices"] == "outstanding_amount"
    assert default["current_stock"] == "quantity"


def test_the_next_command_can_be_run(demo: Installation) -> None:
    with demo.connect() as connection, trace.reading(connection, "demo_1", 1) as tracer:
        (mart,) = [each for each in demo.marts() if each.name == "dues_by_patient"]
        row = db.one(
            connection, f"select * from marts.dues_by_patient where as_of_date = {NOW} limit 1"
        )
        found = tracer.trace(mart, _key(mart, row), "gross_amount")
        name, *pairs = shlex.split(found.next)[2:-2]
        (traced,) = [each for each in demo.marts() if each.name == name]
        again = tracer.trace(traced, trace.parsed(tuple(pairs)), shlex.split(found.next)[-1])
    assert again.figure == found.rows[0]["contribution"]


def test_each_document_names_the_raw_rows_it_comes_from(demo: Installation) -> None:
    with demo.connect() as connection, trace.reading(connection, "demo_1"):
        kinds = db.rows(
            connection,
            "select distinct on (document_type) document_type, invoice_id, business_date, share,"
            " document_id, line_id, is_reversal, carried_to from marts.transaction_detail"
            " order by document_type, document_id",
        )
        assert {row["document_type"] for row in kinds} >= {
            "invoice", "payment", "refund", "credit_note", "wallet_transaction", "adjustment",
        }  # fmt: skip
        tables = raw_rows.landed(connection)
        postings = declared.relation("fct_postings")
        for row in kinds:
            named = raw_rows.of(connection, tables, "demo_1", postings, row)
            assert _is_there(connection, named) == row["document_id"]
        for name in ("fct_visits", "fct_claims", "fct_stock_movements", "fct_invoices"):
            relation = declared.relation(name)
            row = db.one(connection, f"select * from pub.{name} limit 1")
            named = raw_rows.of(connection, tables, "demo_1", relation, row)
            assert _is_there(connection, named) == row[next(iter(relation.documents.values()))]


def _is_there(connection: db.Connection, named: str) -> int:
    """Give the number of the first raw row of those that are named, which is there once."""
    table, number = named.split(", ")[0].split(" ")
    raw = db.one(connection, f"select count(*) as size from {table} where id = {number}")
    assert raw["size"] == 1
    return int(number)


def test_each_kind_of_document_is_of_a_table_of_each_system() -> None:
    kinds = {"visit", "claim", "stock_movement", "invoice"}
    for contract in contracts.load_all():
        named = {kind for table in contract.tables for kind in table.documents}
        wanted = kinds if contract.system == "hms" else {"stock_movement", "invoice"}
        assert contract.system == "almoner" or wanted <= named


@pytest.mark.parametrize(
    ("mart", "key", "measure", "told"),
    [
        ("nothing", {"tenant_id": "demo_1"}, None, "no mart nothing"),
        ("revenue_by_doctor", {"practitioner_id": "1"}, None, "key is not complete"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "room": "1"}, None, "room is no key"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "business_date": "x"}, None, "syntax"),
        ("revenue_by_doctor", {"tenant_id": "demo_1"}, "line_count", "line_count needs business"),
        ("revenue_by_doctor", {"tenant_id": "demo_1"}, "doctors", "no measure doctors"),
        ("revenue_by_doctor", {"tenant_id": "demo_9"}, None, "no tenant demo_9"),
        ("revenue_by_doctor", {"tenant_id": "demo_1", "practitioner_id": "-3"}, None, "no such"),
        ("ar_aging", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("revenue_vs_target", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("income_statement", {"tenant_id": "demo_1"}, None, "key is not complete"),
        ("income_statement", {"tenant_id": "demo_1"}, "sort_order", "it orders the rows"),
        ("reporting_days", {"tenant_id": "demo_1"}, None, "has no figures"),
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_told(
    demo: Installation, mart: str, key: dict[str, str], measure: str | None, told: str
) -> None:
    with demo.connect() as connection, pytest.raises(ConfigError, match=told):
        trace.trace(connection, mart, key, measure)


def test_a_figure_that_its_postings_do_not_make_is_an_error(
    demo: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = Rows("fct_postings", "sum", terms=(Term(("revenue",)),))
    monkeypatch.setattr(declared, "measures", lambda mart: {"net_revenue_amount": rule})
    with (
        demo.connect() as connection,
        pytest.raises(TraceError, match=r"net_revenue_amount is .* comes to"),
    ):
        trace.trace(connection, "revenue_by_department", {"tenant_id": "demo_1"})


@pytest.mark.parametrize("value", ["amounts", "amount +"])
def test_a_rule_that_is_no_sql_names_the_mart_and_the_column(
    demo: Installation, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    rule = Rows("fct_postings", "sum", value=value)
    monkeypatch.setattr(declared, "measures", lambda mart: {"net_revenue_amount": rule})
    with (
        demo.connect() as connection,
        pytest.raises(ConfigError, match="revenue_by_department says of net_revenue_amount"),
    ):
        trace.trace(connection, "revenue_by_department", {"tenant_id": "demo_1"})


@pytest.mark.parametrize(
    ("amounts", "shares"),
    [
        (["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        (["5", "-2", "0"], ["166.67", "-66.67", "0.00"]),
        (["-1", "-2"], ["33.33", "66.67"]),
        (["1", "-1"], [None, None]),
        ([], []),
    ],
)
def test_shares_total_100(amounts: list[str], shares: list[str | None]) -> None:
    divided = trace.divided([Decimal(each) for each in amounts])
    assert divided == [None if each is None else Decimal(each) for each in shares]
