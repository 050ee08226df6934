"""Writes the hms files of hospitals, one of which is a case, and what marts are to say of it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

TODAY = date(2026, 3, 10)  # that of tests which say no day
PER_CASE = 1000  # keys of a table
WRITTEN = "2026-03-31T12:00:00Z"
ZERO = Decimal(0)

Row = dict[str, Any]
Filters = dict[str, Any]


def noon(day: date) -> str:
    """Give the instant in the middle of a day."""
    return datetime.combine(day, time(12), UTC).isoformat()


def days(number: int) -> date:
    """Give the day so many days from today."""
    return TODAY + timedelta(days=number)


@dataclass(frozen=True)
class Line:
    """A line of an invoice: without a rate or an amount of tax there is none."""

    price: str
    quantity: str = "1"
    discount: str | None = None
    rate: str | None = None
    tax: str | None = None
    code: str | None = None
    department: int | None = None
    payer_amount: str | None = None

    @property
    def total(self) -> Decimal:
        """Give what the source states, to the cent."""
        net = _cents(Decimal(self.price) * Decimal(self.quantity)) - Decimal(self.discount or 0)
        return net + _cents(Decimal(self.tax or net * Decimal(self.rate or 0) / 100))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.001"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Figures:
    """What the rows of a mart that the filters name add up to."""

    mart: str
    filters: Filters
    sums: dict[str, Decimal]


@dataclass
class Case:
    """A hospital in which one test of another system happens."""

    origin: str
    name: str
    hospital: int
    currency: str
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    expected: list[Figures] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows["hospitals"].append(
            {
                "id": self.hospital,
                "name": f"{self.origin} {self.name}",
                "time_zone": "UTC",
                "currency_code": self.currency,
                "updated_at": WRITTEN,
            }
        )
        self.patient = self.add("patients", number="1")

    def __str__(self) -> str:
        return f"{self.origin} {self.name}"

    def add(self, table: str, **columns: Any) -> int:
        """Write a row; give its key."""
        key = self.hospital * PER_CASE + len(self.rows[table]) + 1
        row = {"id": key, "hospital_id": self.hospital, "updated_at": WRITTEN, **columns}
        self.rows[table].append(row)
        return key

    def invoice(
        self,
        day: date,
        *lines: Line,
        due: date | None = None,
        parts: Iterable[tuple[date, str]] = (),
        **columns: Any,
    ) -> int:
        """Issue an invoice, payable in parts if there are any."""
        invoice = self.add(
            "invoices",
            patient_id=columns.pop("patient_id", self.patient),
            total_amount=sum((line.total for line in lines), ZERO),
            status=columns.pop("status", "issued"),
            issued_at=noon(day),
            due_date=due,
            **self._money(columns),
        )
        for line in lines:
            self.add(
                "invoice_items",
                invoice_id=invoice,
                quantity=line.quantity,
                unit_price=line.price,
                discount_amount=line.discount,
                tax_code=line.code,
                tax_rate=line.rate,
                tax_amount=line.tax,
                department_id=line.department,
                payer_amount=line.payer_amount,
            )
        for number, (due_date, amount) in enumerate(parts, 1):
            self.add(
                "invoice_instalments",
                invoice_id=invoice,
                number=number,
                due_date=due_date,
                amount=amount,
            )
        return invoice

    def payment(
        self,
        day: date,
        amount: str,
        invoice: int | None = None,
        *,
        applied: Iterable[tuple[date, str, int]] = (),
        **columns: Any,
    ) -> int:
        """Take money for one invoice, on account or applied to several."""
        payment = self.add(
            "payments",
            patient_id=columns.pop("patient_id", self.patient),
            invoice_id=invoice,
            method=columns.pop("method", "cash"),
            amount=amount,
            status=columns.pop("status", "completed"),
            paid_at=noon(day),
            **self._money(columns),
        )
        for on, part, to in applied:
            self.apply(on, part, to, payment)
        return payment

    def apply(self, day: date, amount: str, invoice: int, payment: int) -> int:
        """Apply a part of a payment to an invoice."""
        return self.add(
            "payment_allocations",
            payment_id=payment,
            invoice_id=invoice,
            amount=amount,
            allocated_at=noon(day),
        )

    def credit_note(
        self,
        day: date,
        net: str,
        invoice: int | None = None,
        tax: str | None = None,
        of_line: int | None = None,
        **columns: Any,
    ) -> int:
        """Issue a credit note for an invoice, or a free-standing one."""
        note = self.add(
            "credit_notes",
            patient_id=columns.pop("patient_id", self.patient),
            invoice_id=invoice,
            share="patient",
            status=columns.pop("status", "issued"),
            issued_at=noon(day),
            **self._money(columns),
        )
        self.add(
            "credit_note_items",
            credit_note_id=note,
            net_amount=net,
            tax_amount=tax,
            invoice_item_id=of_line,
        )
        return note

    def use(self, day: date, amount: str, invoice: int, note: int) -> None:
        """Allocate a part of a credit note to an invoice."""
        self.add(
            "credit_note_allocations",
            credit_note_id=note,
            invoice_id=invoice,
            amount=amount,
            allocated_at=noon(day),
        )

    def refund(self, day: date, amount: str, **columns: Any) -> int:
        """Give money back."""
        return self.add(
            "refunds",
            patient_id=columns.pop("patient_id", self.patient),
            share="patient",
            method="cash",
            amount=amount,
            status=columns.pop("status", "executed"),
            executed_at=noon(day),
            **self._money(columns),
        )

    def write_off(
        self, day: date, amount: str, invoice: int, category: str, **columns: Any
    ) -> int:
        """Write a part of an invoice off."""
        return self.add(
            "write_offs",
            invoice_id=invoice,
            category=category,
            share="patient",
            amount=amount,
            status="approved",
            requested_by=1,
            approved_by=2,
            decided_at=noon(day),
            **self._money(columns),
        )

    def store(self) -> tuple[int, int]:
        """Make a product and a place to keep it in."""
        product = self.add("products", code="P", name="Product", unit="unit")
        return product, self.add("locations", name="Store", location_type="storage")

    def move(self, day: date, quantity: str, cost: str, store: tuple[int, int], kind: str) -> int:
        """Move stock into the store or, where the quantity is negative, out of it."""
        return self.add(
            "inventory_ledger",
            product_id=store[0],
            location_id=store[1],
            movement_type=kind,
            quantity=quantity,
            unit_cost=cost,
            moved_at=noon(day),
        )

    def expect(self, mart: str, filters: Filters, **sums: str) -> None:
        """Say what the rows of a mart add up to."""
        wanted = {column: Decimal(amount) for column, amount in sums.items()}
        self.expected.append(Figures(mart, filters, wanted))

    def owes(self, day: date, gross: str, credit: str = "0", **filters: Any) -> None:
        """Say what is owed at the end of a day, and what credit there is beside it (A3)."""
        self.expect(
            "ar_aging",
            {"as_of_date": day, **filters},
            gross_amount=gross,
            unapplied_credit_amount=credit,
            net_amount=str(Decimal(gross) - Decimal(credit)),
        )

    def owed_by(self, patient: int, day: date, gross: str, credit: str) -> None:
        """Say what a patient owes at the end of a day, and the credit that is the patient's."""
        filters = {"as_of_date": day, "patient_id": patient}
        self.expect("dues_by_patient", filters, gross_amount=gross, unapplied_credit_amount=credit)

    def opens(self, day: date, amount: str, **filters: Any) -> None:
        """Say what is open of an invoice, an instalment or a currency."""
        self.expect("ar_aging_invoices", {"as_of_date": day, **filters}, outstanding_amount=amount)

    def balances(self, day: date, **amounts: str) -> None:
        """Say what is on accounts: debits less credits."""
        for account, amount in amounts.items():
            filters = {"as_of_date": day, "account": account}
            self.expect("trial_balance", filters, closing_amount=amount)

    def _money(self, columns: Row) -> Row:
        """Say the currency; the hospital's own has no rate."""
        return {"currency_code": columns.pop("currency", self.currency), **columns}


CASES: list[Case] = []


def case(
    origin: str, name: str, currency: str = "USD"
) -> Callable[[Callable[[Case], None]], None]:
    """Make a hospital of a function that tells what happens there."""

    def made(tell: Callable[[Case], None]) -> None:
        one = Case(origin, name, len(CASES) + 1, currency)
        tell(one)
        CASES.append(one)

    return made


def write(cases: list[Case], directory: Path, step: int = 1) -> None:
    """Write the rows of all cases, or each so many of theirs, as a table's file each.

    What nobody says has no column.
    """
    for table in sorted({table for each in cases for table in each.rows}):
        rows = [row for each in cases for row in each.rows[table][::step]]
        columns = list(dict.fromkeys(name for row in rows for name in _named(row)))
        with (directory / f"{table}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def _named(row: Row) -> Iterator[str]:
    return (name for name, value in row.items() if value is not None)
