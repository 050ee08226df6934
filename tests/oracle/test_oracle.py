"""The oracle against figures worked out on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle import reports, revenue, wallets
from tests.oracle.journal import Books
from tests.oracle.records import TABLES, Row, Tables


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def march(day: int) -> date:
    return date(2026, 3, day)


def tables(**given: list[Row]) -> Tables:
    hospital = {
        "id": 1, "time_zone": "Africa/Douala", "day_cutoff": time(6), "currency_code": "EUR",
    }  # fmt: skip
    return {name: [] for name in TABLES} | {"hospitals": [hospital]} | given


def invoice(key: int, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "patient_id": 5, "payer_id": None, "department_id": 4,
        "visit_id": None, "billable_type": "counter", "billable_id": None, "currency_code": "EUR",
        "exchange_rate": Decimal(1), "status": "issued", "due_date": None, "issued_at": at(10),
        "voided_at": None,
    } | more  # fmt: skip


def item(key: int, invoice_id: int, price: str, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "department_id": None,
        "quantity": Decimal(1), "unit_price": Decimal(price), "discount_amount": Decimal(0),
        "tax_rate": Decimal(0), "tax_amount": None, "payer_amount": Decimal(0),
    } | more  # fmt: skip


def payment(key: int, invoice_id: int | None, amount: str, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "patient_id": 5, "payer_id": None,
        "method": "cash", "wallet_transaction_id": None, "currency_code": "EUR",
        "exchange_rate": Decimal(1), "amount": Decimal(amount), "status": "completed",
        "paid_at": at(12), "voided_at": None,
    } | more  # fmt: skip


def allocation(key: int, payment_id: int, invoice_id: int, amount: str, day: int) -> Row:
    return {
        "id": key, "hospital_id": 1, "payment_id": payment_id, "invoice_id": invoice_id,
        "amount": Decimal(amount), "allocated_at": at(day),
    }  # fmt: skip


def credit_note(key: int, invoice_id: int | None, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "patient_id": 5, "payer_id": None,
        "share": "patient", "currency_code": "EUR", "exchange_rate": Decimal(1),
        "status": "issued", "issued_at": at(15), "voided_at": None,
    } | more  # fmt: skip


def credit_item(key: int, note: int, net: str, tax: str = "0") -> Row:
    return {
        "id": key, "hospital_id": 1, "credit_note_id": note, "invoice_item_id": None,
        "net_amount": Decimal(net), "tax_amount": Decimal(tax),
    }  # fmt: skip


def note_allocation(key: int, note: int, invoice_id: int, amount: str, day: int) -> Row:
    return {
        "id": key, "hospital_id": 1, "credit_note_id": note, "invoice_id": invoice_id,
        "amount": Decimal(amount), "allocated_at": at(day),
    }  # fmt: skip


def refund(key: int, payment_id: int | None, amount: str, day: int, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "payment_id": payment_id, "credit_note_id": None,
        "invoice_id": None, "patient_id": 5, "share": "patient", "method": "cash",
        "currency_code": "EUR", "exchange_rate": Decimal(1), "amount": Decimal(amount),
        "status": "executed", "executed_at": at(day), "voided_at": None,
    } | more  # fmt: skip


def wallet_transaction(key: int, kind: str, amount: str, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "patient_id": 5, "type": kind, "payment_id": None,
        "invoice_id": None, "currency_code": "EUR", "exchange_rate": Decimal(1),
        "amount": Decimal(amount), "status": "completed", "transacted_at": at(12),
        "voided_at": None,
    } | more  # fmt: skip


def write_off(key: int, invoice_id: int, amount: str, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "category": "bad_debt",
        "share": "patient", "currency_code": "EUR", "exchange_rate": Decimal(1),
        "amount": Decimal(amount), "status": "approved", "requested_by": 1, "approved_by": 2,
        "decided_at": at(20), "reversed_at": None,
    } | more  # fmt: skip


def account(books: Books, name: str, day: int) -> Decimal:
    cells = reports.trial_balance(books, march(day)).get(("demo_1", name, "EUR"))
    return cells["closing_amount"] if cells else Decimal(0)


def test_a_payment_before_its_invoice_waits_as_unapplied_credit() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "40", paid_at=at(2))],
        )
    )
    assert account(books, "unapplied_credit", 9) == -40
    assert account(books, "unapplied_credit", 10) == 0
    assert account(books, "receivable", 10) == 60


def test_an_allocation_applies_on_its_day_and_the_rest_is_unapplied() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2)],
            invoice_items=[item(1, 1, "100"), item(2, 2, "50")],
            payments=[payment(1, 1, "40")],
            payment_allocations=[allocation(1, 1, 2, "30", 14)],
        )
    )
    assert account(books, "unapplied_credit", 13) == -40
    assert account(books, "unapplied_credit", 14) == -10
    owed = reports.open_receivables(books, march(14))
    assert [cells["outstanding_amount"] for cells in owed.values()] == [100, 20]


def test_no_cent_is_lost_where_each_allocation_is_rounded() -> None:
    books = Books(
        tables(
            invoices=[invoice(1, currency_code="JPY")],
            payments=[payment(1, None, "100", currency_code="JPY")],
            payment_allocations=[
                allocation(1, 1, 1, "33.4", 12),
                allocation(2, 1, 1, "33.3", 12),
                allocation(3, 1, 1, "33.3", 12),
            ],
        )
    )
    found = reports.trial_balance(books, march(12))
    amounts = {name: cells["closing_amount"] for (_, name, _), cells in found.items()}
    assert amounts == {"cash": 100, "receivable": -99, "unapplied_credit": -1}


def test_allocations_beyond_their_payment_do_not_hold() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "40")],
            payment_allocations=[allocation(1, 1, 2, "30", 12), allocation(2, 1, 2, "11", 12)],
        )
    )
    assert account(books, "receivable", 12) == 60


@pytest.mark.parametrize(
    ("named", "amount", "owed", "credit"),
    [(1, "50", 100, 0), (1, "45", 100, 5), (None, "45", 95, 0), (None, "25", 80, 5)],
)
def test_a_refund_opens_what_its_receipt_settles_beside_what_is_left_of_it(
    named: int | None, amount: str, owed: int, credit: int
) -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, None, "50")],
            payment_allocations=[allocation(1, 1, 1, "20", 12)],
            refunds=[refund(1, 1, amount, 15, invoice_id=named)],
        )
    )
    assert account(books, "receivable", 15) == owed
    assert account(books, "unapplied_credit", 15) == -credit


def test_refunds_of_a_receipt_take_its_parts_one_after_the_other() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2)],
            invoice_items=[item(1, 1, "100"), item(2, 2, "50")],
            payments=[payment(1, None, "100")],
            payment_allocations=[allocation(1, 1, 1, "40", 12), allocation(2, 1, 2, "20", 13)],
            refunds=[
                refund(1, 1, "30", 14),
                refund(2, 1, "30", 15, status="voided", voided_at=at(18)),
                refund(3, 1, "15", 16, invoice_id=1),
                refund(4, 1, "20", 18),
                refund(5, 1, "50", 19),
            ],
        )
    )
    found = {
        day: (account(books, "receivable", day), account(books, "unapplied_credit", day))
        for day in (13, 14, 15, 16, 18, 19)
    }
    assert found == {
        13: (90, -40),
        14: (90, -10),
        15: (110, 0),  # the last applied is opened first
        16: (125, 0),
        18: (115, 0),  # what was left, and 10 of the second invoice
        19: (150, 15),  # the receipt was 100
    }


def test_a_refund_takes_what_settles_nothing_before_what_does() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2, currency_code="USD"), invoice(3, status="draft")],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, None, "100")],
            payment_allocations=[
                allocation(1, 1, 1, "40", 14),
                allocation(2, 1, 2, "30", 12),
                allocation(3, 1, 3, "20", 13),
            ],
            refunds=[refund(1, 1, "60", 15), refund(2, 1, "10", 16, invoice_id=2)],
        )
    )
    found = {
        day: (account(books, "receivable", day), account(books, "unapplied_credit", day))
        for day in (14, 15, 16)
    }
    assert found == {14: (60, -60), 15: (60, 0), 16: (70, 0)}


def test_refunds_into_a_wallet_and_in_cash_take_the_receipt_in_turn() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "100")],
            refunds=[refund(1, 1, "50", 15)],
            wallet_transactions=[
                wallet_transaction(1, "refund", "30", payment_id=1, transacted_at=at(14)),
                wallet_transaction(2, "refund", "30", payment_id=1, transacted_at=at(15)),
                wallet_transaction(3, "refund", "7", invoice_id=1, transacted_at=at(16)),
            ],
        )
    )
    names = ("receivable", "unapplied_credit", "wallet_liability")
    found = {day: tuple(account(books, name, day) for name in names) for day in (14, 15, 16)}
    assert found == {14: (30, 0, -30), 15: (100, 10, -60), 16: (107, 10, -67)}


def test_a_receipt_that_is_voided_after_its_refund_opens_the_invoice_once() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "100", status="voided", voided_at=at(18))],
            refunds=[
                refund(1, 1, "60", 15),
                refund(2, 1, "30", 16, status="voided", voided_at=at(20)),
                refund(3, 1, "5", 18),  # there is nothing left to open
            ],
        )
    )
    found = {
        day: tuple(
            account(books, name, day) for name in ("receivable", "unapplied_credit", "cash")
        )
        for day in (12, 15, 16, 18, 20)
    }
    assert found == {
        12: (0, 0, 100),
        15: (60, 0, 40),
        16: (90, 0, 10),
        18: (100, 95, -95),
        20: (100, 65, -65),
    }


def test_a_refund_before_its_receipt_applies_opens_until_that_is_voided() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "100", paid_at=at(2), status="voided", voided_at=at(18))],
            refunds=[refund(1, 1, "60", 5)],
        )
    )
    found = {
        day: (account(books, "receivable", day), account(books, "unapplied_credit", day))
        for day in (5, 10, 18)
    }
    assert found == {5: (0, -40), 10: (60, 0), 18: (100, 60)}


def test_the_business_day_begins_at_the_cutoff() -> None:
    books = Books(
        tables(invoices=[invoice(1, issued_at=at(10, 4))], invoice_items=[item(1, 1, "9")])
    )
    assert {posting.day for posting in books.postings} == {march(9)}


def test_an_hour_that_comes_twice_is_of_one_day() -> None:
    london = {
        "id": 1, "time_zone": "Europe/London", "day_cutoff": time(1), "currency_code": "EUR",
    }  # fmt: skip
    hospital = Books(tables(hospitals=[london])).hospitals[1]
    instants = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [hospital.day(instant) for instant in instants] == [date(2026, 10, 25)] * 2
    assert hospital.day(datetime(2026, 10, 24, 23, 30, tzinfo=UTC)) == date(2026, 10, 24)


def test_tax_and_discount_are_split_like_the_line_and_no_cent_is_lost() -> None:
    line = item(
        1, 1, "10.01", discount_amount=Decimal("0.03"), tax_rate=Decimal(10),
        payer_amount=Decimal("5.00"),
    )  # fmt: skip
    books = Books(tables(invoices=[invoice(1)], invoice_items=[line]))
    (cells,) = reports.dept_revenue_daily(books).values()
    assert cells["gross_charge_amount"] == Decimal("10.01")
    assert cells["tax_amount"] == Decimal("1.00")
    assert (cells["line_count"], cells["invoice_count"]) == (1, 1)
    owed = reports.open_receivables(books, march(10))
    assert {key[3]: cells["outstanding_amount"] for key, cells in owed.items()} == {
        "payer": Decimal("5.00"),
        "patient": Decimal("5.98"),
    }


def test_a_credit_note_goes_down_to_zero_and_the_rest_is_unapplied() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100", payer_amount=Decimal(30))],
            payments=[payment(1, 1, "50")],
            credit_notes=[credit_note(1, 1)],
            credit_note_items=[credit_item(1, 1, "50", "3.5"), credit_item(2, 1, "10")],
        )
    )
    assert reports.open_receivables(books, march(15)) == {}
    assert account(books, "unapplied_credit", 15) == Decimal("-13.5")
    assert account(books, "credit_notes", 15) == 60
    assert account(books, "tax_payable", 15) == Decimal("3.5")


def test_payments_settle_the_oldest_instalment_first() -> None:
    parts = [
        {"invoice_id": 1, "hospital_id": 1, "id": n, "number": n, "due_date": due,
         "amount": Decimal(amount)}
        for n, due, amount in (
            (1, date(2026, 3, 20), "40"),
            (2, date(2026, 4, 20), "30"),
            (3, date(2026, 7, 20), "30"),
        )
    ]  # fmt: skip
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            invoice_instalments=parts,
            payments=[payment(1, 1, "50")],
        )
    )
    aged = reports.ar_aging(books, date(2026, 6, 30))
    assert {key[3]: cells["gross_amount"] for key, cells in aged.items()} == {
        "days_61_90": 20,
        "not_due": 30,
    }
    assert all(cells["invoice_without_due_date_count"] == 1 for cells in aged.values())


def test_a_void_counts_on_its_own_day() -> None:
    books = Books(
        tables(
            invoices=[invoice(1, status="void", voided_at=at(20))],
            invoice_items=[item(1, 1, "100", tax_rate=Decimal(7))],
        )
    )
    revenue = reports.dept_revenue_daily(books)
    issued, voided = (revenue["demo_1", march(day), 4, "EUR"] for day in (10, 20))
    assert (issued["net_revenue_amount"], issued["line_count"]) == (100, 1)
    assert (voided["net_revenue_amount"], voided["line_count"]) == (-100, 0)
    assert account(books, "receivable", 20) == 0


def test_a_wallet_use_beside_its_payment_settles_once() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "40", method="wallet", wallet_transaction_id=2)],
            wallet_transactions=[
                wallet_transaction(1, "top_up", "90"),
                wallet_transaction(2, "payment", "40", invoice_id=1),
                wallet_transaction(3, "consultation_fee", "20"),
                wallet_transaction(4, "refund", "15", payment_id=1),
            ],
        )
    )
    assert account(books, "receivable", 12) == 75
    assert account(books, "wallet_liability", 12) == -45
    assert account(books, "unbilled_wallet_use", 12) == -20
    assert account(books, "cash", 12) == 90


def test_a_top_up_beside_its_payment_is_no_second_receipt() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[
                payment(1, None, "60"),
                payment(2, 1, "40"),
                payment(3, None, "30", patient_id=6),
                payment(4, None, "7", wallet_transaction_id=4),
            ],
            payment_allocations=[allocation(1, 1, 1, "35", 12)],
            wallet_transactions=[
                wallet_transaction(1, "top_up", "20", payment_id=1),
                wallet_transaction(2, "top_up", "40", payment_id=2),
                wallet_transaction(3, "top_up", "50", payment_id=3, status="voided",
                                   voided_at=at(14)),
                wallet_transaction(4, "top_up", "6"),
            ],
        )
    )  # fmt: skip
    names = ("cash", "receivable", "unapplied_credit", "wallet_liability", "credit_transfer")
    assert [account(books, name, 13) for name in names] == [137, 25, -6, -56, 0]
    assert [account(books, name, 14) for name in names] == [137, 25, -36, -26, 0]
    cells = wallets.wallet_liability(books, march(13))["demo_1", 5, "EUR"]
    assert (cells["top_up_amount"], cells["closing_amount"]) == (56, 56)
    day = revenue.collections_daily(books)["demo_1", march(12), "EUR"]
    assert (day["cash_received_amount"], day["top_up_amount"]) == (137, 56)
    assert (day["collection_amount"], day["receipt_count"]) == (81, 4)


def test_what_wallets_hold_follows_from_what_went_in_and_out() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[
                payment(1, 1, "40", method="wallet", wallet_transaction_id=2, paid_at=at(12)),
            ],
            wallet_transactions=[
                wallet_transaction(1, "top_up", "90", transacted_at=at(1)),
                wallet_transaction(2, "payment", "40", invoice_id=1),
                wallet_transaction(3, "consultation_fee", "20", status="voided", voided_at=at(14)),
                wallet_transaction(4, "refund", "15", payment_id=1),
                wallet_transaction(5, "withdrawal", "5"),
            ],
        )
    )
    first = wallets.wallet_liability(books, march(13))["demo_1", 5, "EUR"]
    second = wallets.wallet_liability(books, march(31))["demo_1", 5, "EUR"]
    later = wallets.wallet_liability(books, date(2026, 4, 1))["demo_1", 5, "EUR"]
    assert (first["opening_amount"], first["top_up_amount"], first["use_amount"]) == (0, 90, 40)
    assert (first["unbilled_use_amount"], first["closing_amount"]) == (20, 40)
    assert (second["refund_amount"], second["withdrawal_amount"]) == (15, 5)
    assert (second["unbilled_use_amount"], second["closing_amount"]) == (0, 60)
    assert (later["opening_amount"], later["use_amount"], later["closing_amount"]) == (60, 0, 60)
    ((key, use),) = wallets.unbilled_wallet_use(books).items()
    assert key == ("demo_1", 3)
    assert (use["amount"], use["business_date"], use["reversal_date"]) == (
        20, march(12), march(14),
    )  # fmt: skip


def test_a_write_off_needs_two_people_and_leaves_net_revenue_alone() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            write_offs=[
                write_off(1, 1, "10"),
                write_off(2, 1, "20", approved_by=1),
                write_off(3, 1, "40", category="charity_care", reversed_at=at(22)),
            ],
        )
    )
    assert account(books, "receivable", 20) == 50
    assert account(books, "receivable", 22) == 90
    cells = reports.dept_revenue_daily(books)["demo_1", march(20), 4, "EUR"]
    assert (cells["net_revenue_amount"], cells["write_off_amount"]) == (-40, 10)


def test_money_in_another_currency_settles_nothing() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[
                payment(1, 1, "40.005", currency_code="KWD", exchange_rate=Decimal("2.5")),
            ],
        )
    )
    assert account(books, "receivable", 12) == 100
    (cells,) = reports.unapplied_credits(books, march(12)).values()
    assert cells["unapplied_credit_amount"] == Decimal("40.005")
    assert cells["unapplied_credit_base_amount"] == Decimal("100.01")


@pytest.mark.parametrize(
    ("days", "name"),
    [(-5, "not_due"), (0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"),
     (60, "days_31_60"), (61, "days_61_90"), (90, "days_61_90"), (91, "days_91_120"),
     (120, "days_91_120"), (121, "days_121_over")],
)  # fmt: skip
def test_buckets(days: int, name: str) -> None:
    assert reports.bucket(days) == name


# visits ------------------------------------------------------------------------------------


def visit(key: int, patient: int, day: int, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "patient_id": patient, "department_id": 4,
        "visit_type": "outpatient", "status": "completed", "entered_at": at(day),
    } | more  # fmt: skip


def test_patients_are_counted_once_and_no_shows_not_at_all() -> None:
    visits = [
        visit(1, 5, 2),
        visit(2, 5, 3, department_id=None, visit_type="emergency"),
        visit(3, 6, 3, status="waiting"),
        visit(4, 7, 3, status="no_show"),
        visit(5, 8, 4, hospital_id=9),
        visit(6, 9, 5, entered_at=at(4, 4)),  # before the cutoff: on the third
    ]
    books = Books(tables(visits=visits))
    assert reports.monthly_visits(books) == {
        ("demo_1", march(1)): {"visit_count": 4, "patient_count": 3}
    }
    assert reports.patients_by_department_and_type(books) == {
        ("demo_1", march(1), 4, "outpatient"): {"visit_count": 3, "patient_count": 3},
        ("demo_1", march(1), 0, "emergency"): {"visit_count": 1, "patient_count": 1},
    }
    assert reports.patients_by_department(books).keys() == {
        ("demo_1", march(1), 4), ("demo_1", march(1), 0),
    }  # fmt: skip
    assert reports.patients_by_visit_type(books)["demo_1", march(1), "emergency"] == {
        "visit_count": 1, "patient_count": 1,
    }  # fmt: skip
    counts = {
        day: cells["patient_count"] for (_, day), cells in reports.daily_stats(books).items()
    }
    assert counts == {march(2): 1, march(3): 3}


def test_a_day_has_revenue_and_collections() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            payments=[payment(1, 1, "60")],
            visits=[visit(1, 5, 10)],
        )
    )
    days = reports.daily_stats(books)
    assert days["demo_1", march(10)]["net_revenue_amount"] == 100
    assert days["demo_1", march(10)]["visit_count"] == 1
    assert days["demo_1", march(12)] == {
        "currency_code": "EUR", "visit_count": 0, "patient_count": 0,
        "net_revenue_amount": 0, "collected_amount": 60,
    }  # fmt: skip


def test_a_credit_note_that_is_paid_out_settles_no_other_invoice() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2)],
            invoice_items=[item(1, 1, "100"), item(2, 2, "100")],
            payments=[payment(1, 1, "100")],
            credit_notes=[credit_note(1, 1)],
            credit_note_items=[credit_item(1, 1, "100")],
            refunds=[refund(1, None, "100", 17, credit_note_id=1)],
            credit_note_allocations=[note_allocation(1, 1, 2, "100", 18)],
        )
    )
    assert account(books, "unapplied_credit", 16) == -100
    assert account(books, "unapplied_credit", 20) == 0
    assert account(books, "receivable", 20) == 100


def test_a_credit_note_that_is_voided_after_its_refund_opens_the_invoice_once() -> None:
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            credit_notes=[credit_note(1, 1, status="void", voided_at=at(20))],
            credit_note_items=[credit_item(1, 1, "100")],
            refunds=[refund(1, None, "60", 17, credit_note_id=1)],
        )
    )
    found = {
        day: (account(books, "receivable", day), account(books, "unapplied_credit", day))
        for day in (15, 17, 20)
    }
    assert found == {15: (0, 0), 17: (60, 0), 20: (100, 60)}


def test_an_allocation_takes_what_a_refund_left_of_the_credit_note() -> None:
    paid_out = refund(
        1, None, "20", 17, credit_note_id=1, status="voided", voided_at=at(25)
    )  # fmt: skip
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2)],
            invoice_items=[item(1, 1, "30"), item(2, 2, "100")],
            credit_notes=[credit_note(1, 1)],
            credit_note_items=[credit_item(1, 1, "50")],
            refunds=[paid_out],
            credit_note_allocations=[note_allocation(1, 1, 2, "40", 18)],
        )
    )
    assert account(books, "receivable", 17) == 100
    assert account(books, "receivable", 18) == 100  # 30 off the one, 30 open on the other
    assert account(books, "unapplied_credit", 18) == 0
    assert account(books, "unapplied_credit", 25) == -20


def test_an_allocation_to_anothers_invoice_takes_the_credit_of_whom_it_is() -> None:
    books = Books(
        tables(
            invoices=[invoice(1), invoice(2, patient_id=6)],
            invoice_items=[item(1, 1, "50"), item(2, 2, "100")],
            payments=[payment(1, 1, "50")],
            credit_notes=[credit_note(1, 1)],
            credit_note_items=[credit_item(1, 1, "50")],
            credit_note_allocations=[note_allocation(1, 1, 2, "50", 18)],
        )
    )
    mother = ("demo_1", "patient", 5, "EUR")
    assert reports.unapplied_credits(books, march(17))[mother]["unapplied_credit_amount"] == 50
    assert reports.unapplied_credits(books, march(18)) == {}
    assert account(books, "receivable", 18) == 50
