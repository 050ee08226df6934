"""The oracle against figures worked out on paper, and the marts against the oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.oracle import reports
from tests.oracle.journal import Books, Row, Tables

TABLES = (
    "hospitals", "visits", "test_orders", "pharmacy_sales", "insurance_payers", "products",
    "locations", "inventory_ledger", "invoices", "invoice_items", "invoice_instalments",
    "payments", "payment_allocations", "refunds", "credit_notes", "credit_note_items",
    "wallet_transactions", "write_offs",
)  # fmt: skip


def read_tables(source: str) -> Tables:
    """Read the hms tables of an operational database."""
    with psycopg.connect(source, row_factory=dict_row) as connection:
        return {
            name: connection.execute(f"select * from hms.{name}".encode()).fetchall()
            for name in TABLES
        }


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def tables(**given: list[Row]) -> Tables:
    hospital = {
        "id": 1, "time_zone": "Africa/Douala", "day_cutoff": time(6), "currency_code": "EUR",
    }  # fmt: skip
    return {name: [] for name in TABLES} | {"hospitals": [hospital]} | given


def invoice(key: int, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "patient_id": 5, "payer_id": None, "department_id": 4,
        "visit_id": None, "billable_type": "counter", "billable_id": None, "currency_code": "EUR",
        "status": "issued", "due_date": None, "issued_at": at(10), "voided_at": None,
    } | more  # fmt: skip


def item(key: int, invoice_id: int, price: str, **more: Any) -> Row:
    return {
        "id": key, "invoice_id": invoice_id, "department_id": None, "quantity": Decimal(1),
        "unit_price": Decimal(price), "discount_amount": Decimal(0), "tax_rate": Decimal(0),
        "tax_amount": None, "payer_amount": Decimal(0),
    } | more  # fmt: skip


def payment(key: int, invoice_id: int | None, amount: str, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "payer_id": None, "method": "cash",
        "wallet_transaction_id": None, "currency_code": "EUR", "amount": Decimal(amount),
        "status": "completed", "paid_at": at(12), "voided_at": None,
    } | more  # fmt: skip


def credit_note(key: int, invoice_id: int | None, **more: Any) -> Row:
    return {
        "id": key, "hospital_id": 1, "invoice_id": invoice_id, "share": "patient",
        "currency_code": "EUR", "status": "issued", "issued_at": at(15), "voided_at": None,
    } | more  # fmt: skip


def credit_item(key: int, note: int, net: str, tax: str = "0") -> Row:
    return {
        "id": key, "credit_note_id": note, "invoice_item_id": None,
        "net_amount": Decimal(net), "tax_amount": Decimal(tax),
    }  # fmt: skip


def account(books: Books, name: str, day: int) -> Decimal:
    return reports.balances(books, date(2026, 3, day)).get((1, name, "EUR"), Decimal(0))


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


def test_the_business_day_begins_at_the_cutoff() -> None:
    books = Books(
        tables(invoices=[invoice(1, issued_at=at(10, 4))], invoice_items=[item(1, 1, "9")])
    )
    assert books.issued_on(1) == date(2026, 3, 9)


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
    assert reports.outstanding(books, date(2026, 3, 15)) == {}
    assert account(books, "unapplied_credit", 15) == Decimal("-13.5")
    assert account(books, "credit_notes", 15) == 60
    assert account(books, "tax_payable", 15) == Decimal("3.5")


def test_payments_settle_the_oldest_instalment_first() -> None:
    parts = [
        {"invoice_id": 1, "id": n, "number": n, "due_date": due, "amount": Decimal(amount)}
        for n, due, amount in (
            (1, date(2026, 3, 20), "40"),
            (2, date(2026, 4, 20), "30"),
            (3, date(2026, 7, 20), "30"),
        )
    ]
    books = Books(
        tables(
            invoices=[invoice(1)],
            invoice_items=[item(1, 1, "100")],
            invoice_instalments=parts,
            payments=[payment(1, 1, "50")],
        )
    )
    assert reports.ageing(books, date(2026, 6, 30)) == {
        (1, "EUR", "patient", "days_61_90"): 20,
        (1, "EUR", "patient", "not_due"): 30,
    }


def test_a_void_counts_on_its_own_day() -> None:
    books = Books(
        tables(
            invoices=[invoice(1, status="void", voided_at=at(20))],
            invoice_items=[item(1, 1, "100", tax_rate=Decimal(7))],
        )
    )
    revenue = reports.department_revenue(books)
    assert revenue[1, date(2026, 3, 10), 4, "EUR"]["net_revenue_amount"] == 100
    assert revenue[1, date(2026, 3, 20), 4, "EUR"]["net_revenue_amount"] == -100
    assert account(books, "receivable", 20) == 0


@pytest.mark.parametrize(
    ("days", "name"),
    [(-5, "not_due"), (0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60"),
     (60, "days_31_60"), (61, "days_61_90"), (90, "days_61_90"), (91, "days_91_120"),
     (120, "days_91_120"), (121, "days_121_over")],
)  # fmt: skip
def test_buckets(days: int, name: str) -> None:
    assert reports.bucket(days) == name
