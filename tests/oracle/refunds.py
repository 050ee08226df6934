"""The postings of refunds: what they give back of receipts and credit notes (R4, R5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tests.oracle.credit_notes import CreditNotes
from tests.oracle.postings import ZERO, Origin, Posting
from tests.oracle.receipts import Receipts, share_of
from tests.oracle.records import Row, Tables, rounded


@dataclass(frozen=True)
class Taken:
    """A part of a receipt, or what a refund takes of it; line -1 is more than it was."""

    line: int
    invoice: int | None
    amount: Decimal
    applied: date | None
    is_applied: bool
    until: date | None = None


@dataclass(frozen=True)
class Refund:
    """Money that was given back, and the account that it was taken from."""

    kind: str
    row: Row
    day: date
    voided: date | None
    share: str
    account: str

    @property
    def is_of_receipt(self) -> bool:
        """Tell whether a receipt is given back, and no credit note."""
        return bool(self.row["payment_id"] and not self.row["credit_note_id"])


class Refunds(Receipts, CreditNotes):
    """Money that is given back, in cash or into a wallet, part by part of its receipt."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._given_back = list(self._executed_refunds())

    def _executed_refunds(self) -> Iterator[Refund]:
        """Give what was given back, in cash or into a wallet (R4)."""
        for row in filter(self._is_executed, self.tables["refunds"]):
            yield Refund(
                "refund", row, self.day(row, "executed_at"), self._voided(row, "voided"),
                self._given_back_share(row, row["share"]), "cash",
            )  # fmt: skip
        for row in self.tables["wallet_transactions"]:
            if row["type"] == "refund" and self._is_completed(row):
                row = {**row, "credit_note_id": None}
                yield Refund(
                    "wallet_transaction", row, self.day(row, "transacted_at"),
                    self._voided(row, "voided"), self._given_back_share(row, "patient"),
                    "wallet_liability",
                )  # fmt: skip

    def _given_back_share(self, refund: Row, share: str) -> str:
        """Give the share of the receipt or credit note; without one what was said."""
        if refund["credit_note_id"]:
            note = self._credit_note_of(refund)
            return share if note is None else str(note["share"])
        payment = self.find("payments", refund["payment_id"], refund)
        return share if payment is None else share_of(payment)

    def _refunds(self) -> Iterator[Posting]:
        """Post each part of a refund: what was applied opens its invoice again (A2)."""
        for refund in self._given_back:
            row = refund.row
            payment = self.find("payments", row["payment_id"], row)
            note = self._credit_note_of(row)
            patient, payer = self._holder_of(row, payment, note)
            if refund.is_of_receipt:
                parts = self._taken_of(refund)
            else:
                named = [each for each in (row, payment, note) if each is not None]
                invoice = next((each["invoice_id"] for each in named if each["invoice_id"]), None)
                applied = not row["credit_note_id"]
                parts = [Taken(0, invoice, row["amount"], refund.day, is_applied=applied)]
            for part in parts:
                held = {**row, "patient_id": patient}
                owed = replace(
                    self._origin(refund.kind, held, part.invoice, payer), line=part.line
                )
                yield from self._given(
                    refund, part, owed, replace(owed, patient=patient, payer=payer)
                )

    def _holder_of(
        self, refund: Row, payment: Row | None, note: Row | None
    ) -> tuple[int | None, int | None]:
        """Name the patient and payer whose credit is given back."""
        if refund["credit_note_id"]:
            if note is None:
                return refund["patient_id"], None
            credited = self._origin("credit_note", note, note["invoice_id"], note["payer_id"])
            return credited.patient or refund["patient_id"], credited.payer
        return (refund["patient_id"], None) if payment is None else self._receipt_of(payment)

    def _given(self, refund: Refund, part: Taken, owed: Origin, held: Origin) -> Iterator[Posting]:
        """Post what is given back of a part; it opens nothing from the void of its receipt on."""
        share, day, voided = refund.share, refund.day, refund.voided
        exact = rounded(part.amount, owed.currency)
        paid = Posting(owed, day, share, "receivable", refund.account, exact)
        into_wallet = refund.account == "wallet_liability"
        owner = self._wallet_owner(refund.row) if into_wallet else None
        invoice = self._settled_invoice(part.invoice if part.is_applied else None, refund.row)
        opened = None
        if invoice is not None:
            opened = max(day, part.applied or day, self.day(invoice, "issued_at"))
        credit = replace(paid, origin=held, debit="unapplied_credit")
        if (part.is_applied or refund.is_of_receipt) and opened != day:
            credit = replace(credit, origin=held.held_by(held.patient, held.payer))
        elif credit.debtor == paid.debtor:
            credit = replace(credit, origin=owed)
        is_patients = into_wallet and share == "patient"
        if opened == day and not (is_patients and owner != owed.patient):
            origin = replace(owed, patient=owner) if into_wallet else owed
            yield from self._posted([replace(paid, origin=origin)], voided)
            if part.until and (voided is None or voided > part.until):
                yield from self._posted(self._applied(credit, owed, part.until), voided)
            return
        money = credit
        if into_wallet:
            money = replace(credit, origin=replace(credit.origin, patient=owner))
        if is_patients and owner != credit.origin.patient:
            yield from self._posted([replace(credit, credit="credit_transfer")], voided)
            money = replace(money, debit="credit_transfer")
        yield from self._posted([money], voided)
        if opened is not None:
            opening = [each.swapped() for each in self._applied(credit, owed, opened)]
            ends = [each for each in (voided, part.until) if each is not None]
            yield from self._posted(opening, min(ends, default=None))

    def _wallet_owner(self, refund: Row) -> int | None:
        payment = self.find("payments", refund["payment_id"], refund)
        receipt = self._receipt_of(payment)[0] if payment is not None else None
        owner: int | None = refund["patient_id"] or receipt
        return owner

    def _taken_of(self, refund: Refund) -> list[Taken]:
        """Play all refunds of the receipt in their order; give what this one takes."""
        payment = self.find("payments", refund.row["payment_id"], refund.row)
        of = ("hospital_id", "payment_id", "currency_code")
        refunds = [
            each
            for each in self._given_back
            if each.is_of_receipt and all(each.row[name] == refund.row[name] for name in of)
        ]
        played: list[tuple[date | None, list[Taken]]] = []
        for each in sorted(refunds, key=lambda each: (each.day, each.kind, each.row["id"])):
            standing = [
                part
                for voided, parts in played
                if voided is None or voided > each.day
                for part in parts
            ]
            wanted, found = rounded(each.row["amount"], each.row["currency_code"]), []
            for pool in self._pools(each, payment):
                gone = sum((part.amount for part in standing if part.line == pool.line), ZERO)
                amount = min(wanted, pool.amount - gone)
                wanted -= amount
                found.append(replace(pool, amount=amount))
            found.append(Taken(-1, None, wanted, None, is_applied=False))
            if each == refund:
                return found
            played.append((each.voided, found))
        raise AssertionError(refund)

    def _pools(self, refund: Refund, payment: Row | None) -> list[Taken]:
        """Put what a receipt is made of in the order in which a refund takes it."""
        if payment is None or not self._is_received(payment):
            return []
        currency = payment["currency_code"]
        until = self._voided(payment, "voided")
        if refund.row["currency_code"] != currency or (until or date.max) <= refund.day:
            return []
        paid, allocations = self.day(payment, "paid_at"), self._allocations(payment)
        if not allocations:
            invoice, amount = payment["invoice_id"], rounded(payment["amount"], currency)
            return [Taken(0, invoice, amount, paid, invoice is not None, until)]
        left = Taken(0, None, self._rest(payment, allocations), None, False, until)
        allocations.sort(key=lambda row: (self.day(row, "allocated_at"), int(row["id"])))
        pools = [
            Taken(
                row["id"], row["invoice_id"], rounded(row["amount"], currency),
                max(self.day(row, "allocated_at"), paid),
                self._settled_invoice(row["invoice_id"], payment) is not None, until,
            )
            for row in allocations
        ]  # fmt: skip
        waiting = [pool for pool in pools if not pool.is_applied]
        applied = [pool for pool in pools if pool.is_applied]
        named = [pool for pool in applied if pool.invoice == refund.row["invoice_id"]]
        others = [pool for pool in applied if pool not in named]
        return [*named, left, *reversed(waiting), *reversed(others)]

    def _credit_note_of(self, refund: Row) -> Row | None:
        note = self.find("credit_notes", refund["credit_note_id"], refund)
        if note is None or not self._is_issued_note(note):
            return None
        return note if self._credit_note_items(note) else None
