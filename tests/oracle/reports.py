"""What the marts should say, summed up from the oracle's journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.journal import ZERO, Books, Posting, Row, receivable

Sums = dict[tuple[Any, ...], Decimal]
BUCKETS = ((0, "not_due"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"),
           (120, "days_91_120"))  # fmt: skip


def outstanding(books: Books, day: date) -> Sums:
    """Sum what is open by hospital, invoice, share and currency at the end of a day (A1)."""
    found: Sums = defaultdict(lambda: ZERO)
    for each in books.postings:
        if each.day <= day:
            found[each.hospital, each.invoice, each.share, each.currency] += receivable(each)
    return {key: amount for key, amount in found.items() if amount}


def ageing(books: Books, day: date) -> Sums:
    """Sum what is open by hospital, currency, share and bucket (A4, A5, A6)."""
    found: Sums = defaultdict(lambda: ZERO)
    open_shares = outstanding(books, day)
    ever_patient = {
        each.invoice
        for each in books.postings
        if each.share == "patient" and each.day <= day and receivable(each)
    }
    for (hospital, invoice, share, currency), amount in open_shares.items():
        in_parts = share == "patient" or invoice not in ever_patient
        for due, part in _parts(books, invoice, amount, in_parts):
            found[hospital, currency, share, bucket((day - due).days)] += part
    return {key: amount for key, amount in found.items() if amount}


def bucket(days: int) -> str:
    """Name the bucket of a number of days past due."""
    return next((name for last, name in BUCKETS if days <= last), "days_121_over")


def due_date(books: Books, invoice: Row) -> date:
    """Give the source's due date, else the payer's terms, else the day of issue (A4)."""
    if invoice["due_date"] is not None:
        due: date = invoice["due_date"]
        return due
    payer = books.rows["insurance_payers"].get(invoice["payer_id"])
    return books.issued_on(invoice["id"]) + timedelta(days=payer["terms_days"] if payer else 0)


def _parts(
    books: Books, invoice: int, amount: Decimal, in_parts: bool
) -> Iterable[tuple[date, Decimal]]:
    """Give due dates and open parts: payments settle the oldest instalment first."""
    instalments = sorted(
        (row["due_date"], row["number"], row["amount"])
        for row in books.tables["invoice_instalments"]
        if row["invoice_id"] == invoice
    )
    if not instalments or not in_parts:
        yield due_date(books, books.invoices[invoice]), amount
        return
    left = amount
    for due, _, part in reversed(instalments[1:]):
        open_part = max(min(part, left), ZERO)
        left -= open_part
        yield due, open_part
    yield instalments[0][0], left


def department_revenue(books: Books) -> dict[tuple[Any, ...], dict[str, Decimal]]:
    """Sum charges, discounts, adjustments, credit notes, net revenue and tax (V2)."""
    found: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(
        lambda: defaultdict(lambda: ZERO)
    )
    for each in books.postings:
        key = (each.hospital, each.day, each.department or 0, each.currency)
        for account, amount in _legs(each):
            found[key][account] += amount
    return {
        key: measures
        for key, sums in found.items()
        if (measures := _revenue_measures(sums)) is not None
    }


def _revenue_measures(sums: dict[str, Decimal]) -> dict[str, Decimal] | None:
    names = {
        "gross_charge_amount": -sums["revenue"],
        "discount_amount": sums["discounts"],
        "contractual_adjustment_amount": sums["contractual_adjustments"],
        "charity_care_amount": sums["charity_care"],
        "credit_note_amount": sums["credit_notes"],
        "write_off_amount": sums["write_offs"],
        "tax_amount": -sums["tax_payable"],
    }
    if not any(names.values()):
        return None
    deducted = ("discount", "contractual_adjustment", "charity_care", "credit_note")
    names["net_revenue_amount"] = names["gross_charge_amount"] - sum(
        names[f"{name}_amount"] for name in deducted
    )
    return names


def balances(books: Books, day: date) -> Sums:
    """Sum debits less credits by hospital, account and currency at the end of a day."""
    found: Sums = defaultdict(lambda: ZERO)
    for each in books.postings:
        if each.day <= day:
            for account, amount in _legs(each):
                found[each.hospital, account, each.currency] += amount
    return {key: amount for key, amount in found.items() if amount}


def stock(books: Books, day: date) -> Sums:
    """Sum movements at storage locations by hospital, product, batch and location (S1)."""
    found: Sums = defaultdict(lambda: ZERO)
    for row in books.tables["inventory_ledger"]:
        location = books.rows["locations"].get(row["location_id"])
        hospital = books.hospitals.get(row["hospital_id"])
        if (
            location is not None
            and location["location_type"] == "storage"
            and row["product_id"] in books.rows["products"]
            and hospital is not None
            and hospital.day(row["moved_at"]) <= day
        ):
            key = (row["hospital_id"], row["product_id"], row["batch_id"] or 0, location["id"])
            found[key] += row["quantity"]
    return {key: quantity for key, quantity in found.items() if quantity}


def _legs(posting: Posting) -> tuple[tuple[str, Decimal], tuple[str, Decimal]]:
    return (posting.debit, posting.amount), (posting.credit, -posting.amount)
