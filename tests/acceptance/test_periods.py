"""Months that tenants close: what is kept of them, and what later changes become."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from runner import db, landing_only, marts, periods, policies, releases, retention
from runner.errors import ConfigError
from runner.periods import Step
from runner.settings import Retention
from tests.acceptance.conftest import Installation

TENANT, HOSPITAL = "demo_1", 1
MONTH, NEXT = date(2026, 9, 1), date(2026, 10, 1)
CLOSE = Step(TENANT, MONTH, "cfo", "signed")
REOPEN = Step(TENANT, MONTH, "cfo", "an invoice was forgotten")
REOPEN_ALL = replace(REOPEN, month=date.min)
INVOICE = (
    "select id from hms.invoices where hospital_id = 1 and status in ('issued', 'partially_paid',"
    " 'paid') and issued_at >= '2026-09-10' and issued_at < '2026-09-20'"
)
UNPAID = """
    select max(inv.id) from hms.invoices as inv
    where inv.hospital_id = 1 and inv.status = 'issued' and inv.issued_at >= '2026-09-10'
    and inv.issued_at < '2026-09-29'
    and not exists (select from hms.payments as pay where pay.invoice_id = inv.id)
"""
# a dearer line, an invoice that is a draft again, a receipt that is gone, a back-dated one
CHANGES = f"""
    update hms.invoices set status = 'draft' where id = ({UNPAID});
    update hms.invoice_items set unit_price = unit_price + 40 where id = (
        select min(id) from hms.invoice_items where invoice_id = ({INVOICE} order by id limit 1)
    );
    update hms.payments set paid_at = paid_at - interval '1 hour', updated_at = now() where id = (
        select max(id) from hms.payments
        where hospital_id = 1 and status = 'completed' and method = 'cash'
        and paid_at >= '2026-09-10 17:00+00' and paid_at < '2026-09-20'
        and extract(hour from paid_at) between 17 and 20
    );
    delete from hms.payments where id = (
        select min(id) from hms.payments
        where hospital_id = 1 and status = 'completed' and method = 'cash'
        and paid_at >= '2026-09-10' and paid_at < '2026-09-20'
    );
    insert into hms.payments select (
        jsonb_populate_record(pay, jsonb_build_object(
            'id', 900001, 'number', 'LATE1', 'paid_at', '2026-09-12 12:00+00'
        ))
    ).* from hms.payments as pay where hospital_id = 1 and status = 'completed' and method = 'cash'
    and paid_at >= '2026-10-10' order by id limit 1
"""
# dearer once more, and the receipt that came late is gone
CHANGED_AGAIN = f"""
    update hms.invoice_items set unit_price = unit_price + 2 where id = (
        select min(id) from hms.invoice_items where invoice_id = ({INVOICE} order by id limit 1)
    );
    delete from hms.payments where id = 900001
"""
# an advance of September, and allocations of it to invoices of October
ADVANCE = """
    insert into hms.payments select (
        jsonb_populate_record(pay, jsonb_build_object(
            'id', 900002, 'number', 'ADV1', 'invoice_id', null, 'amount', 90,
            'paid_at', '2026-09-12 12:00+00'
        ))
    ).* from hms.payments as pay where hospital_id = 1 and status = 'completed' and method = 'cash'
    and paid_at >= '2026-10-10' order by id limit 1
"""
ALLOCATED_LATER = """
    insert into hms.payment_allocations (
        hospital_id, payment_id, invoice_id, amount, allocated_at
    )
    select
        1, 900002, inv.id, 20 + 10 * place, date '2026-10-19' + place * interval '36 hours'
    from generate_series(1, 2) as place
    cross join lateral (
        select id from hms.invoices
        where hospital_id = 1 and status in ('issued', 'partially_paid', 'paid')
        and department_id is not null and currency_code = (
            select currency_code from hms.payments where id = 900002
        )
        and issued_at >= '2026-10-05' and issued_at < '2026-10-15'
        order by id offset place limit 1
    ) as inv
"""
# a cohort is collected in later months too, a week may end in the next, and what lists documents
# or goes by their hours has those of the source
NOT_SIGNED = ("collection_cohorts", "collection_rate", "invoice_balances", "peak_periods")
WRITTEN = ("is_added", "changed_in", "recorded_at")
COMPARED = ("previous_", "last_year_", "target_", "growth_")
Figures = Counter[tuple[str, str]]


def _read(
    connection: db.Connection, query: str, *parameters: Any, known_at: int | None = None
) -> list[dict[str, Any]]:
    with connection.transaction():
        releases.read_as(connection, TENANT, known_at)
        return db.rows(connection, query, *parameters)


def _figures(connection: db.Connection, month: date, known_at: int | None = None) -> Figures:
    """Sum a month's figures from the marts that show them, by figure and currency."""
    found: Figures = Counter()
    for row in _read(
        connection,
        "select account, currency_code, amount from marts.income_statement"
        " where month_start_date = %s",
        month,
        known_at=known_at,
    ):
        sign = -1 if row["account"] not in ("revenue", "recoveries") else 1
        found[row["account"], row["currency_code"]] += sign * row["amount"]
    for row in _read(
        connection,
        "select currency_code, net_revenue_amount, collection_amount, refund_amount"
        " from marts.revenue_point_monthly where month_start_date = %s",
        month,
        known_at=known_at,
    ):
        code = row["currency_code"]
        found["net_revenue", code] += row["net_revenue_amount"]
        found["collections", code] += row["collection_amount"]
        found["refunds", code] += row["refund_amount"]
    return found


def _money(connection: db.Connection, month: date, known_at: int | None = None) -> Figures:
    """Sum a month of each mart of money, or its last day, by mart with measure and currency.

    Marts without a day are left out.
    """
    found: Figures = Counter()
    after = (month + timedelta(days=31)).replace(day=1)
    for mart in marts.listing(connection):
        names = {column.name for column in mart.columns}
        sums = [
            f"sum({name}) as {name}" for name in sorted(names)
            if name.endswith("_amount") and not name.startswith(COMPARED) and mart.date_column
        ]  # fmt: skip
        if not sums or "currency_code" not in names or mart.name in NOT_SIGNED:
            continue
        for row in _read(
            connection,
            f"select currency_code, {', '.join(sums)} from marts.{mart.name}"
            f" where {mart.date_column} >= %s and {mart.date_column} < %s group by currency_code",
            after - timedelta(days=1) if mart.date_column == "as_of_date" else month,
            after,
            known_at=known_at,
        ):
            code = row.pop("currency_code")
            found.update({(f"{mart.name}.{name}", code): row[name] or 0 for name in row})
    return found


def _totals(connection: db.Connection) -> list[dict[str, Any]]:
    return _read(
        connection,
        "select debit_account, credit_account, currency_code, revenue_point_code, department_id,"
        " sum(amount) as amount from (select debit_account, credit_account, currency_code,"
        " revenue_point_code, department_id, amount from marts.transaction_detail union all"
        " select credit_account, debit_account, currency_code, revenue_point_code, department_id,"
        " -amount from marts.transaction_detail) as leg where debit_account > credit_account"
        " group by 1, 2, 3, 4, 5 having sum(amount) <> 0 order by 1, 2, 3, 4, 5",
    )


def _carried(connection: db.Connection) -> list[dict[str, Any]]:
    return _read(connection, "select * from marts.transaction_detail where carried_to <> 0")


def _restated(connection: db.Connection) -> list[dict[str, Any]]:
    return _read(connection, "select * from marts.restatements")


def _pinned(connection: db.Connection) -> int:
    (row,) = periods.listing(connection, TENANT)
    return int(row["release_id"])


def test_a_later_change_of_a_closed_month_restates_it(installation: Installation) -> None:
    landing_only.close_period(installation.target, CLOSE)
    installation.build()
    with installation.connect() as connection:
        signed = _pinned(connection)
        assert _restated(connection) == []
        before = _figures(connection, MONTH, signed)
    installation.run(CHANGES)
    installation.build()
    with installation.connect() as connection:
        assert _figures(connection, MONTH, signed) == before
        after, restated = _figures(connection, MONTH), _restated(connection)
        changed: Figures = Counter()
        for row in restated:
            assert row["month_start_date"] == MONTH
            assert row["closed_in"] == signed < row["first_changed_in"] <= row["last_changed_in"]
            assert row["after_amount"] - row["before_amount"] == row["change_amount"] != 0
            changed[row["figure"], row["currency_code"]] += row["change_amount"]
        assert {"net_revenue", "collections", "revenue", "cash"} <= {each for each, _ in changed}
        for key in {*before, *after}:
            assert after[key] - before[key] == changed[key], key
        _postings_explain(connection, restated)
        (listed,) = periods.listing(connection, TENANT)
        count = _read(connection, "select count(*) as size from marts.restated_postings")
        assert listed["postings_changed"] == count[0]["size"] > 0


def test_a_later_allocation_leaves_the_month_of_the_receipt_as_it_was(
    installation: Installation,
) -> None:
    installation.run(ADVANCE)
    installation.build()
    landing_only.close_period(installation.target, CLOSE)
    installation.run(ALLOCATED_LATER)
    assert installation.build().rows_landed == 2
    with installation.connect() as connection:
        assert _restated(connection) == []
        posted = _read(
            connection,
            "select event_type, amount, department_id is null as is_of_none, business_date"
            " from marts.transaction_detail where document_type = 'payment'"
            " and document_id = 900002 and event_type <> 'credit_transfer'"
            " order by business_date, amount",
        )
        assert [tuple(row.values()) for row in posted] == [
            ("payment_unapplied", 90, True, date(2026, 9, 12)),
            ("application", 30, False, date(2026, 10, 20)),
            ("application", 40, False, date(2026, 10, 21)),
        ]


def _postings_explain(connection: db.Connection, restated: list[dict[str, Any]]) -> None:
    """The cash of a department that moved is the cash of its restated postings."""
    moved: Counter[tuple[Any, ...]] = Counter()
    postings = _read(connection, "select * from marts.restated_postings")
    for row in postings:
        sign = 1 if row["is_added"] else -1
        key = (row["department_id"] or 0, row["revenue_point_code"], row["currency_code"])
        for account, side in ((row["debit_account"], 1), (row["credit_account"], -1)):
            if account == "cash":
                for measure in ("amount", "base_amount"):
                    moved[*key, measure] += sign * side * row[measure]
    told = {
        (row["department_id"], row["revenue_point_code"], row["currency_code"], measure):
            row[f"change_{measure}"]
        for row in restated
        if row["figure"] == "cash"
        for measure in ("amount", "base_amount")
        if row[f"change_{measure}"]
    }  # fmt: skip
    assert told == {key: amount for key, amount in moved.items() if amount}
    # the receipt of another hour of its day is none
    alike = Counter(
        tuple(value for name, value in row.items() if name not in WRITTEN) for row in postings
    )
    assert set(alike.values()) == {1}


def test_a_month_that_is_opened_again_is_restated_no_more(installation: Installation) -> None:
    landing_only.close_period(installation.target, CLOSE)
    installation.run(CHANGES)
    installation.build()
    landing_only.reopen_period(installation.target, REOPEN)
    installation.build()
    with installation.connect() as connection:
        assert _restated(connection) == []
        (before,) = periods.listing(connection)
        assert before["through_month"] == "2026-08"
        newest = releases.last_published(connection)
    assert landing_only.close_period(installation.target, CLOSE) == newest
    installation.build()
    with installation.connect() as connection:
        assert _restated(connection) == []
        assert [row["release_id"] for row in periods.listing(connection)] == [1, newest]
        told = [(row["action"], row["reason"]) for row in periods.steps(connection)]
        closing = ("close", CLOSE.reason)
        assert told == [closing, ("reopen", REOPEN.reason), closing]


def test_the_release_of_a_closed_month_is_kept(installation: Installation) -> None:
    signed = landing_only.close_period(installation.target, CLOSE)
    for seed in range(3):
        installation.live(seed)
        installation.build()
    least = Retention(releases=1, days=0, month_ends=0)
    with installation.connect() as connection:
        with releases.builder(connection):
            kept = retention.prune(connection, least).kept
        assert {each.release_id: each.reasons for each in kept}[signed] == ["closed period"]
        assert _figures(connection, MONTH, signed)
    landing_only.reopen_period(installation.target, REOPEN_ALL)
    with pytest.raises(ConfigError, match="Every month of demo_1 is open"):
        landing_only.reopen_period(installation.target, REOPEN_ALL)
    with installation.connect() as connection, releases.builder(connection):
        assert signed in retention.prune(connection, least).pruned


def test_the_release_that_changed_a_closed_month_is_known_after_pruning(
    installation: Installation,
) -> None:
    landing_only.close_period(installation.target, CLOSE)
    invoice = f"({INVOICE} order by id limit 1)"
    line = f"(select min(id) from hms.invoice_items where invoice_id = {invoice})"
    built = []
    for change in ("updated_at = now()", "unit_price = unit_price + 40", "updated_at = now()"):
        installation.run(f"update hms.invoice_items set {change} where id = {line}")
        built.append(installation.build().release)
    with installation.connect() as connection:
        restated = _restated(connection)
        assert {row["first_changed_in"] for row in restated} == {built[1]}
        assert {row["last_changed_in"] for row in restated} == {built[1]}
        with releases.builder(connection):
            gone = retention.prune(connection, Retention(releases=1, days=0, month_ends=0)).pruned
        assert built[0] in gone
    assert "fct_restated_postings" not in installation.recomputed()
    with installation.connect() as connection:
        assert _restated(connection) == restated


def test_months_close_in_order_and_open_from_the_last(installation: Installation) -> None:
    first = landing_only.close_period(installation.target, CLOSE)
    installation.live(1)
    installation.build()
    second = landing_only.close_period(installation.target, Step(TENANT, NEXT, "cfo"))
    with installation.connect() as connection:
        found = periods.listing(connection, TENANT)
        assert [(row["from_month"], row["through_month"], row["release_id"]) for row in found] == [
            (None, "2026-09", first), ("2026-10", "2026-10", second),
        ]  # fmt: skip
        assert periods.listing(connection, "demo_2") == []
    landing_only.reopen_period(installation.target, Step(TENANT, NEXT, "cfo"))
    with installation.connect() as connection:
        assert [row["through_month"] for row in periods.listing(connection)] == ["2026-09"]
    with pytest.raises(ConfigError, match="2026-10 of demo_1 is open"):
        landing_only.reopen_period(installation.target, Step(TENANT, NEXT, "cfo"))
    with pytest.raises(ConfigError, match="2026-08 of demo_1 is closed at release"):
        landing_only.close_period(installation.target, Step(TENANT, date(2026, 8, 1), "cfo"))
    with pytest.raises(ConfigError, match="is from before its last period step"):
        landing_only.close_period(installation.target, Step(TENANT, NEXT, "cfo"))
    installation.build()
    with installation.connect() as connection:
        policies.keep_late_changes(connection, TENANT, "carry-forward")
    with pytest.raises(ConfigError, match="is under the policy restate, now it is carry-forward"):
        landing_only.close_period(installation.target, Step(TENANT, NEXT, "cfo"))
    with pytest.raises(ConfigError, match="is not over"):
        landing_only.close_period(
            installation.target, Step(TENANT, date.today().replace(day=1), "cfo")
        )


def test_a_later_change_of_a_closed_month_is_posted_to_the_open_one(
    installation: Installation,
) -> None:
    with installation.connect() as connection:
        policies.keep_late_changes(connection, TENANT, "carry-forward")
    landing_only.close_period(installation.target, CLOSE)
    installation.build()
    installation.run(CHANGES)
    assert installation.build().failures == []
    with installation.connect() as connection:
        signed = _pinned(connection)
        assert _money(connection, MONTH) == _money(connection, MONTH, signed)
        assert _money(connection, NEXT) != _money(connection, NEXT, signed)
        assert _restated(connection) == []
        carried = _carried(connection)
        assert {(row["business_date"], row["carried_to"] // 202610) for row in carried} == {
            (NEXT, 1), (NEXT, -1),
        }  # fmt: skip
        assert {row["carried_from"].month for row in carried} == {9}
        first, totals = _figures(connection, NEXT), _totals(connection)
    assert installation.strange_postings() == []
    assert installation.recomputed() == []

    # what was carried into a month stays there when that is closed too
    landing_only.close_period(installation.target, replace(CLOSE, month=NEXT))
    installation.build()
    installation.run(CHANGED_AGAIN)
    assert installation.build().failures == []
    with installation.connect() as connection:
        assert _money(connection, MONTH) == _money(connection, MONTH, signed)
        assert _figures(connection, NEXT) == first
        assert _restated(connection) == []
        assert {row["business_date"] for row in _carried(connection)} == {NEXT, date(2026, 11, 1)}
    assert installation.recomputed() == []

    # opened again, each posting stands where it would, and the sum is the same
    with installation.connect() as connection:
        totals = _totals(connection)
    landing_only.reopen_period(installation.target, REOPEN_ALL)
    assert installation.build().failures == []
    with installation.connect() as connection:
        assert _carried(connection) == []
        assert _totals(connection) == totals
        assert _money(connection, MONTH) != _money(connection, MONTH, signed)
    assert installation.recomputed() == []
