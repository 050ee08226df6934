"""The journal of a hospital group, worked out by hand from the rows of its hms tables.

Slow and plain on purpose: no SQL, nothing shared with the models. `tables` maps the name of
an hms table to its rows, each a dict by column, with `Decimal` amounts and aware instants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Tables = dict[str, list[Row]]

EXPONENTS = {"EUR": 2, "USD": 2, "XAF": 0, "MYR": 2, "KWD": 3, "JPY": 0, "GBP": 2}
ACCOUNT_OF_CATEGORY = {
    "contractual_adjustment": "contractual_adjustments",
    "charity_care": "charity_care",
}
ZERO = Decimal(0)


@dataclass(frozen=True)
class Posting:
    """An amount that moves from the credit to the debit account."""

    hospital: int
    day: date
    document: tuple[str, int]
    event: str
    share: str
    debit: str
    credit: str
    amount: Decimal
    currency: str
    invoice: int | None = None
    department: int | None = None


@dataclass(frozen=True)
class Hospital:
    """A tenant that can be dated."""

    key: int
    zone: ZoneInfo
    cutoff: timedelta

    def day(self, instant: datetime) -> date:
        """Give the business day of an instant (T1)."""
        return (instant.astimezone(self.zone).replace(tzinfo=None) - self.cutoff).date()


class Books:
    """All tables of a group by key, and the postings that follow from them."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.hospitals = {
            row["id"]: hospital
            for row in tables["hospitals"]
            if (hospital := _hospital(row)) is not None
        }
        self.rows = {name: {row["id"]: row for row in rows} for name, rows in tables.items()}
        self.invoices = {
            key: row for key, row in self.rows["invoices"].items() if self._is_issued(row)
        }
        self.postings: list[Posting] = []
        for step in (self._lines, self._payments, self._refunds, self._wallets, self._write_offs):
            self.postings.extend(step())
        self._credit_notes()

    # what is good ------------------------------------------------------------------------

    def _is_good(self, row: Row) -> bool:
        return row["hospital_id"] in self.hospitals and row["currency_code"] in EXPONENTS

    def _is_issued(self, row: Row) -> bool:
        return self._is_good(row) and row["status"] != "draft"

    def _knows_invoice(self, row: Row) -> bool:
        """A document that names an invoice needs it to exist, be it a draft."""
        return row["invoice_id"] is None or row["invoice_id"] in self.rows["invoices"]

    def _day(self, row: Row, column: str) -> date:
        return self.hospitals[row["hospital_id"]].day(row[column])

    def issued_on(self, invoice: int) -> date:
        """Give the day of issue of an issued invoice."""
        return self._day(self.invoices[invoice], "issued_at")

    def _applies_to(self, invoice: int | None, currency: str) -> bool:
        """Money settles issued invoices of its own currency (A10)."""
        return invoice in self.invoices and self.invoices[invoice]["currency_code"] == currency

    # posting -----------------------------------------------------------------------------

    def _with_void(self, postings: list[Posting], voided: date | None) -> Iterator[Posting]:
        """Give the postings and, if voided, the same once more, swapped (R2)."""
        for posting in postings:
            if posting.amount < 0:
                posting = _swapped(replace(posting, amount=-posting.amount))
            if posting.amount:
                yield posting
                if voided is not None:
                    yield replace(_swapped(posting), day=max(voided, posting.day))

    def _money(
        self, row: Row, document: tuple[str, int], event: str, accounts: tuple[str, str],
        amount: Decimal, invoice: int | None, share: str, day: date, apply_from: date,
        outward: bool = False,
    ) -> list[Posting]:  # fmt: skip
        """Post money that settles an invoice, now or when the last of its dates comes (A2).

        `accounts` are where the money is and what it settles; `outward` turns both round.
        """
        money, settled = accounts
        department = self.invoices[invoice]["department_id"] if invoice in self.invoices else None
        base = Posting(
            row["hospital_id"], day, document, event, share, money, "unapplied_credit",
            _rounded(amount, row["currency_code"]), row["currency_code"], invoice, department,
        )  # fmt: skip
        if not self._applies_to(invoice, row["currency_code"]):
            found = [base]
        else:
            applied = max(day, apply_from, self.issued_on(invoice or 0))
            if applied == day:
                found = [replace(base, credit=settled)]
            else:
                later = replace(
                    base, day=applied, event="application", debit="unapplied_credit",
                    credit=settled,
                )  # fmt: skip
                found = [base, later]
        return [_swapped(posting) for posting in found] if outward else found

    # documents ---------------------------------------------------------------------------

    def _lines(self) -> Iterator[Posting]:
        for line in self.tables["invoice_items"]:
            invoice = self.invoices.get(line["invoice_id"])
            gross_exact = line["quantity"] * line["unit_price"]
            if invoice is None or line["discount_amount"] > gross_exact:
                continue
            currency = invoice["currency_code"]
            gross = _rounded(gross_exact, currency)
            discount = _rounded(line["discount_amount"], currency)
            stated = line["tax_amount"]
            tax = _rounded(
                (gross - discount) * line["tax_rate"] / 100 if stated is None else stated, currency
            )
            total = gross - discount + tax
            payer_total = max(min(_rounded(line["payer_amount"], currency), total), ZERO)
            part = payer_total / total if total else ZERO
            payer_discount = _rounded(discount * part, currency)
            payer_tax = _rounded(tax * part, currency)
            payer_gross = payer_total + payer_discount - payer_tax
            found = []
            for share, its_gross, its_discount, its_tax in (
                ("payer", payer_gross, payer_discount, payer_tax),
                ("patient", gross - payer_gross, discount - payer_discount, tax - payer_tax),
            ):
                for event, debit, credit, amount in (
                    ("invoice_line", "receivable", "revenue", its_gross),
                    ("line_discount", "discounts", "receivable", its_discount),
                    ("line_tax", "receivable", "tax_payable", its_tax),
                ):
                    found.append(
                        Posting(
                            invoice["hospital_id"],
                            self.issued_on(invoice["id"]),
                            ("invoice", invoice["id"]),
                            event,
                            share,
                            debit,
                            credit,
                            amount,
                            currency,
                            invoice["id"],
                            self.department_of(line, invoice),
                        )
                    )
            yield from self._with_void(found, self._voided(invoice, "void"))

    def department_of(self, line: Row, invoice: Row) -> int | None:
        """Climb the ladder of V10: line, order, visit, invoice."""
        order = None
        if invoice["billable_type"] == "test_order":
            order = self.rows["test_orders"].get(invoice["billable_id"])
        elif invoice["billable_type"] == "pharmacy_sale":
            order = self.rows["pharmacy_sales"].get(invoice["billable_id"])
        visit = self.rows["visits"].get(invoice["visit_id"])
        candidates: tuple[int | None, ...] = (
            line["department_id"],
            order["department_id"] if order else None,
            visit["department_id"] if visit else None,
            invoice["department_id"],
        )
        return next((found for found in candidates if found is not None), None)

    def _voided(self, row: Row, status: str) -> date | None:
        return self._day(row, "voided_at") if row["status"] == status else None

    def _good_payments(self) -> Iterator[Row]:
        for row in self.tables["payments"]:
            if (
                self._is_good(row)
                and self._knows_invoice(row)
                and row["status"] not in ("pending", "failed")
            ):
                yield row

    def _payments(self) -> Iterator[Posting]:
        allocations = defaultdict(list)
        for row in self.tables["payment_allocations"]:
            allocations[row["payment_id"]].append(row)
        for row in self._good_payments():
            document = ("payment", row["id"])
            day = self._day(row, "paid_at")
            share = "payer" if row["payer_id"] or row["method"] == "insurance" else "patient"
            is_wallet = row["method"] == "wallet" or row["wallet_transaction_id"] is not None
            accounts = ("wallet_liability" if is_wallet else "cash", "receivable")
            mine = allocations[row["id"]]
            if sum((each["amount"] for each in mine), ZERO) > row["amount"]:
                mine = []
            mine = [each for each in mine if each["invoice_id"] in self.rows["invoices"]]
            parts = [(e["invoice_id"], e["amount"], self._day(e, "allocated_at")) for e in mine]
            rest = row["amount"] - sum((each["amount"] for each in mine), ZERO)
            found = []
            for invoice, amount, allocated in parts or [(row["invoice_id"], rest, day)]:
                found += self._money(
                    row, document, "payment", accounts, amount, invoice, share, day, allocated
                )
            if parts:
                found += self._money(
                    row, document, "payment", accounts, rest, None, share, day, day
                )
            yield from self._with_void(found, self._voided(row, "voided"))

    def _refunds(self) -> Iterator[Posting]:
        for row in self.tables["refunds"]:
            payment = self.rows["payments"].get(row["payment_id"])
            if (
                not self._is_good(row)
                or not self._knows_invoice(row)
                or (row["payment_id"] is not None and payment is None)
                or row["status"] not in ("executed", "voided")
                or row["executed_at"] is None
            ):
                continue
            invoice = row["invoice_id"] or (payment["invoice_id"] if payment else None)
            settles = None if row["credit_note_id"] else invoice
            day = self._day(row, "executed_at")
            found = self._money(
                row, ("refund", row["id"]), "refund", ("cash", "receivable"), row["amount"],
                settles, row["share"], day, day, outward=True,
            )  # fmt: skip
            yield from self._with_void(
                [replace(each, invoice=invoice) for each in found], self._voided(row, "voided")
            )

    def _wallets(self) -> Iterator[Posting]:
        payments = list(self._good_payments())
        beside = {row["wallet_transaction_id"] for row in payments}
        posted = {row["id"] for row in payments}
        for row in self.tables["wallet_transactions"]:
            if (
                not self._is_good(row)
                or not self._knows_invoice(row)
                or row["status"] not in ("completed", "voided")
            ):
                continue
            document, day = ("wallet_transaction", row["id"]), self._day(row, "transacted_at")
            kind = row["type"]
            if kind in ("top_up", "withdrawal"):
                posting = Posting(
                    row["hospital_id"], day, document, f"wallet_{kind}", "patient", "cash",
                    "wallet_liability", _rounded(row["amount"], row["currency_code"]),
                    row["currency_code"], row["invoice_id"],
                )  # fmt: skip
                found = [posting if kind == "top_up" else _swapped(posting)]
            elif kind == "refund":
                payment = self.rows["payments"].get(row["payment_id"])
                invoice = row["invoice_id"] or (payment["invoice_id"] if payment else None)
                found = self._money(
                    row, document, "wallet_refund", ("wallet_liability", "receivable"),
                    row["amount"], invoice, "patient", day, day, outward=True,
                )  # fmt: skip
            elif row["payment_id"] in posted or row["id"] in beside:
                continue
            else:
                found = self._money(
                    row, document, "wallet_use", ("wallet_liability", "receivable"),
                    row["amount"], row["invoice_id"], "patient", day, day,
                )  # fmt: skip
                if row["invoice_id"] is None:
                    found = [replace(found[0], credit="unbilled_wallet_use")]
            yield from self._with_void(found, self._voided(row, "voided"))

    def _write_offs(self) -> Iterator[Posting]:
        for row in self.tables["write_offs"]:
            if (
                not self._is_good(row)
                or row["status"] != "approved"
                or row["approved_by"] is None
                or row["approved_by"] == row["requested_by"]
                or not self._applies_to(row["invoice_id"], row["currency_code"])
            ):
                continue
            day = max(self._day(row, "decided_at"), self.issued_on(row["invoice_id"]))
            account = ACCOUNT_OF_CATEGORY.get(row["category"], "write_offs")
            is_recovery = row["category"] == "recovery"
            posting = Posting(
                row["hospital_id"], day, ("adjustment", row["id"]), "adjustment", row["share"],
                "cash" if is_recovery else account,
                "recoveries" if is_recovery else "receivable",
                _rounded(row["amount"], row["currency_code"]), row["currency_code"],
                row["invoice_id"], self.invoices[row["invoice_id"]]["department_id"],
            )  # fmt: skip
            voided = self._day(row, "reversed_at") if row["reversed_at"] else None
            yield from self._with_void([posting], voided)

    # credit notes ------------------------------------------------------------------------

    def _credit_notes(self) -> None:
        """Post credit notes in the order of their dates, each against what is then open (A7)."""
        notes = [
            row
            for row in self.tables["credit_notes"]
            if self._is_good(row) and self._knows_invoice(row) and row["status"] != "draft"
        ]
        items = defaultdict(list)
        for item in self.tables["credit_note_items"]:
            items[item["credit_note_id"]].append(item)
        for note in sorted(notes, key=lambda row: (self._credited_on(row), row["id"])):
            mine = sorted(items[note["id"]], key=lambda row: int(row["id"]))
            self.postings.extend(self._credit_note(note, mine))

    def _credited_on(self, note: Row) -> date:
        day = self._day(note, "issued_at")
        invoice = note["invoice_id"]
        return max(day, self.issued_on(invoice)) if invoice in self.invoices else day

    def _credit_note(self, note: Row, items: list[Row]) -> list[Posting]:
        day, currency, share = self._credited_on(note), note["currency_code"], note["share"]
        other = "patient" if share == "payer" else "payer"
        left = {share: ZERO, other: ZERO}
        if self._applies_to(note["invoice_id"], currency):
            for each in left:
                left[each] = max(self._open(note["invoice_id"], each, day), ZERO)
        found: list[Posting] = []
        for item in items:
            net, tax = (
                _rounded(item["net_amount"], currency),
                _rounded(item["tax_amount"], currency),
            )
            own = min(net + tax, left[share])
            others = min(net + tax - own, left[other])
            left[share] -= own
            left[other] -= others
            other_tax = _rounded(tax * others / (net + tax), currency) if net + tax else ZERO
            post = self._credit_posting(note, item, day)
            found += [
                post("credit_note", share, "credit_notes", "receivable", net - others + other_tax),
                post("credit_note", other, "credit_notes", "receivable", others - other_tax),
                post("credit_note_tax", share, "tax_payable", "receivable", tax - other_tax),
                post("credit_note_tax", other, "tax_payable", "receivable", other_tax),
                post(
                    "credit_note_excess", share, "receivable", "unapplied_credit",
                    net + tax - own - others,
                ),
            ]  # fmt: skip
        return list(self._with_void(found, self._voided(note, "void")))

    def _credit_posting(self, note: Row, item: Row, day: date) -> Callable[..., Posting]:
        invoice = self.invoices.get(note["invoice_id"])
        line = self.rows["invoice_items"].get(item["invoice_item_id"])
        department = invoice["department_id"] if invoice else None
        if line is not None and line["invoice_id"] == note["invoice_id"]:
            header = self.rows["invoices"][note["invoice_id"]]
            department = self.department_of(line, {**header, "department_id": department})

        def post(event: str, share: str, debit: str, credit: str, amount: Decimal) -> Posting:
            return Posting(
                note["hospital_id"], day, ("credit_note", note["id"]), event, share, debit,
                credit, amount, note["currency_code"], note["invoice_id"], department,
            )  # fmt: skip

        return post

    def _open(self, invoice: int, share: str, day: date) -> Decimal:
        return sum(
            (
                receivable(posting)
                for posting in self.postings
                if posting.invoice == invoice and posting.share == share and posting.day <= day
            ),
            ZERO,
        )


def receivable(posting: Posting) -> Decimal:
    """Give what a posting adds to the receivable."""
    return (posting.amount if posting.debit == "receivable" else ZERO) - (
        posting.amount if posting.credit == "receivable" else ZERO
    )


def _swapped(posting: Posting) -> Posting:
    return replace(posting, debit=posting.credit, credit=posting.debit)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _hospital(row: Row) -> Hospital | None:
    """Give the hospital, or nothing where it has no time zone or currency."""
    if not row["time_zone"] or row["currency_code"] not in EXPONENTS:
        return None
    cutoff = row["day_cutoff"]
    return Hospital(
        row["id"], ZoneInfo(row["time_zone"]), timedelta(hours=cutoff.hour, minutes=cutoff.minute)
    )
