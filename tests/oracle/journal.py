"""The journal of a hospital group, worked out by hand from the rows of its hms tables.

Slow and plain on purpose: no SQL, nothing shared with the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tests.oracle.points import revenue_point
from tests.oracle.postings import ZERO, Origin, Posting, part_of
from tests.oracle.records import Row, Tables, rounded
from tests.oracle.refunds import Refunds

ACCOUNTS = {
    "contractual_adjustment": ("contractual_adjustments", "receivable"),
    "charity_care": ("charity_care", "receivable"),
    "recovery": ("cash", "recoveries"),
}


class Books(Refunds):
    """The records of a hospital group, and the postings that follow from them."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        for step in (
            self._lines, self._payments, self._refunds, self._wallets, self._write_offs,
            self._allocated_credit_notes, self._credit_notes, self._used_credit_notes,
        ):  # fmt: skip
            for found in step():
                self._post(replace(found, point=self._point(found.origin)))

    def _point(self, origin: Origin) -> tuple[str, str]:
        """Give the revenue point and the rule that found it (V14)."""
        of = {"hospital_id": origin.hospital.key}
        department = self.find("departments", origin.department, of)
        category = origin.item.category if origin.item else None
        return revenue_point(origin.app, origin.wallet_type, department, category)

    def _lines(self) -> Iterator[Posting]:
        for line in self.tables["invoice_items"]:
            invoice = self.issued(line["invoice_id"], line)
            exact = line["quantity"] * line["unit_price"]
            if invoice is None or line["discount_amount"] > exact:
                continue
            day = self.day(invoice, "issued_at")
            header = self._origin("invoice", invoice, invoice["id"], None)
            origin = replace(
                header,
                department=self.department_of(line, invoice),
                practitioner=line.get("doctor_id") or header.practitioner,
                item=self._item(line, invoice),
                line=line["id"],
            )
            gross, discount, tax = _priced(line, exact, origin.currency)
            total = gross - discount + tax
            payer_total = max(min(rounded(line["payer_amount"], origin.currency), total), ZERO)
            payer_discount = part_of(discount, payer_total, total, origin.currency)
            payer_tax = part_of(tax, payer_total, total, origin.currency)
            payer_gross = payer_total + payer_discount - payer_tax
            found = []
            for share, its_gross, its_discount, its_tax in (
                ("payer", payer_gross, payer_discount, payer_tax),
                ("patient", gross - payer_gross, discount - payer_discount, tax - payer_tax),
            ):
                for debit, credit, amount, charged in (
                    ("receivable", "revenue", its_gross, line["id"]),
                    ("discounts", "receivable", its_discount, None),
                    ("receivable", "tax_payable", its_tax, None),
                ):
                    found.append(Posting(origin, day, share, debit, credit, amount, charged))
            yield from self._posted(found, self._voided(invoice, "void"))

    def _write_offs(self) -> Iterator[Posting]:
        for row in self.tables["write_offs"]:
            invoice = self._settled_invoice(row["invoice_id"], row)
            if (
                invoice is None
                or not self.is_good(row)
                or row["status"] != "approved"
                or row["approved_by"] in (None, row["requested_by"])
            ):
                continue
            debit, credit = ACCOUNTS.get(row["category"], ("write_offs", "receivable"))
            posting = Posting(
                self._origin("adjustment", row, invoice["id"], None),
                max(self.day(row, "decided_at"), self.day(invoice, "issued_at")),
                row["share"], debit, credit, rounded(row["amount"], row["currency_code"]),
            )  # fmt: skip
            voided = self.day(row, "reversed_at") if row["reversed_at"] else None
            yield from self._posted([posting], voided)


def _priced(line: Row, exact: Decimal, currency: str) -> tuple[Decimal, Decimal, Decimal]:
    """Give gross, discount and tax: the source's tax, else the line's rate (V13)."""
    gross, discount = rounded(exact, currency), rounded(line["discount_amount"], currency)
    tax = line["tax_amount"]
    if tax is None:
        tax = (gross - discount) * line["tax_rate"] / 100
    return gross, discount, rounded(tax, currency)
