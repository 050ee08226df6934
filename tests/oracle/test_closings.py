"""The oracle of closed months against journals worked out on paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.oracle import reports
from tests.oracle.closings import History
from tests.oracle.journal import Books
from tests.oracle.records import Row
from tests.oracle.test_oracle import at, invoice, item, march, payment, tables

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
Told = tuple[int, str, str, int, date, int]


def books(price: str, *payments: Row, **more: object) -> Books:
    return Books(
        tables(
            invoices=[invoice(1, **more)], invoice_items=[item(1, 1, price)], payments=[*payments]
        )
    )


def told(found: Books) -> list[Told]:
    """Give the postings by day: document, accounts, amount, day and where it was carried."""
    return sorted(
        (
            (
                each.origin.key, each.debit, each.credit, int(each.amount), each.day,
                each.carried_to,
            )
            for each in found.postings
        ),
        key=lambda each: (each[4], each),
    )  # fmt: skip


def closed(late_changes: str) -> History:
    """Close March, in which 100 were charged and 30 received, at release 1."""
    history = History()
    history.publish(1, books("100", payment(7, None, "30")))
    history.close("demo_1", MARCH, late_changes, 1)
    return history


SIGNED = [
    (1, "receivable", "revenue", 100, march(10), 0),
    (7, "cash", "unapplied_credit", 30, march(12), 0),
]


def test_a_dearer_line_and_a_receipt_that_is_gone_are_carried() -> None:
    history = closed("carry-forward")
    assert told(history.publish(2, books("100", payment(7, None, "30")))) == SIGNED
    assert told(history.publish(3, books("120"))) == [
        *SIGNED,
        (1, "receivable", "revenue", 120, APRIL, 202604),
        (1, "revenue", "receivable", 100, APRIL, -202604),
        (7, "unapplied_credit", "cash", 30, APRIL, -202604),
    ]
    assert history.changes() == []
    assert history.restatements() == {}


def test_a_void_after_the_close_counts_on_its_own_day_if_that_is_open() -> None:
    history = closed("carry-forward")
    void = books("100", payment(7, None, "30"), status="void", voided_at=at(20))
    assert told(history.publish(2, void))[-1] == (1, "revenue", "receivable", 100, APRIL, 202604)
    later = books(
        "100", payment(7, None, "30"), status="void", voided_at=at(9).replace(month=4)
    )  # fmt: skip
    last = told(history.publish(3, later))[-1]
    assert last == (1, "revenue", "receivable", 100, date(2026, 4, 9), 0)


def test_a_void_that_is_withdrawn_brings_back_its_charge_but_no_line() -> None:
    history = History()
    history.publish(1, books("100", status="void", voided_at=at(20)))
    history.close("demo_1", MARCH, "carry-forward", 1)
    found = reports.dept_revenue_daily(history.publish(2, books("100")))
    cells = {
        day: (int(row["gross_charge_amount"]), row["line_count"], row["invoice_count"])
        for (_, day, _, _), row in found.items()
    }
    assert cells == {march(10): (100, 1, 1), march(20): (-100, 0, 0), APRIL: (100, 0, 0)}


def test_what_was_carried_into_a_month_is_signed_with_it() -> None:
    history = closed("carry-forward")
    history.publish(2, books("120", payment(7, None, "30")))
    history.close("demo_1", APRIL, "carry-forward", 2)
    found = told(history.publish(3, books("90", payment(7, None, "30"))))
    assert found == [
        *SIGNED,
        (1, "receivable", "revenue", 120, APRIL, 202604),
        (1, "revenue", "receivable", 100, APRIL, -202604),
        (1, "receivable", "revenue", 90, MAY, 202605),
        (1, "revenue", "receivable", 120, MAY, -202605),
    ]
    # as it was first signed: what was carried is withdrawn, and it is said again
    back = told(history.publish(4, books("100", payment(7, None, "30"))))
    assert back[-2:] == [
        (1, "receivable", "revenue", 100, MAY, 202605),
        (1, "revenue", "receivable", 120, MAY, -202605),
    ]
    history.reopen("demo_1", APRIL)
    assert told(history.publish(5, books("100", payment(7, None, "30")))) == SIGNED
    history.reopen("demo_1", date.min)
    assert told(history.publish(6, books("5"))) == [(1, "receivable", "revenue", 5, march(10), 0)]


@pytest.mark.parametrize("late_changes", ["carry-forward", "restate"])
def test_the_sum_of_all_days_is_what_the_rows_say(late_changes: str) -> None:
    history = closed(late_changes)
    now = books("120", payment(8, 1, "50"))
    standing = history.publish(2, now)
    for account in ("cash", "receivable", "revenue", "unapplied_credit"):
        said, stands = (
            sum((each.on(account) for each in found.postings), Decimal(0))
            for found in (now, standing)
        )
        assert said == stands


def test_a_restatement_has_before_after_and_the_releases_that_did_it() -> None:
    history = closed("restate")
    history.publish(2, books("110", payment(7, None, "30")))
    history.publish(3, books("120", payment(7, None, "30"), payment(8, None, "5")))
    history.publish(4, books("120", payment(7, None, "30")))
    found = {
        (each.said.document_id, int(each.said.amount), each.is_added, each.changed_in)
        for each in history.changes()
    }
    assert found == {(1, 100, False, 2), (1, 120, True, 3)}
    cells = {
        key[2]: tuple(map(int, (row["before_amount"], row["after_amount"], row["change_amount"])))
        for key, row in history.restatements().items()
    }
    assert cells == dict.fromkeys(("revenue", "net_revenue", "receivable"), (100, 120, 20))
    for row in history.restatements().values():
        assert (row["closed_in"], row["first_changed_in"], row["last_changed_in"]) == (1, 2, 3)
    history.reopen("demo_1", MARCH)
    assert history.changes() == []
