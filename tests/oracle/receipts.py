"""The postings of receipts and of wallets, refunds aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain

from tests.oracle.postings import ZERO, Ledger, Origin, Posting
from tests.oracle.records import Row, rounded


class Receipts(Ledger):
    """Money that comes in, by itself or from a wallet, and what it settles."""

    def _payments(self) -> Iterator[Posting]:
        for row in self._good_payments():
            day, voided = self.day(row, "paid_at"), self._voided(row, "voided")
            share = share_of(row)
            account = "wallet_liability" if self._is_by_wallet(row) else "cash"
            allocations = self._allocations(row)
            rest = self._rest(row, allocations)
            settles = None if allocations else row["invoice_id"]
            patient, payer = self._receipt_of(row)
            row = {**row, "patient_id": patient, "payer_id": payer}
            owed = self._origin("payment", row, row["invoice_id"], payer)
            held = owed.held_by(patient, payer)
            parts = [self._money(row, owed, held, share, account, rest, day, settles)]
            for each in allocations:
                header = self._origin("payment", row, each["invoice_id"], payer)
                owed = replace(header, line=each["id"])
                parts.append(
                    self._money(
                        row, owed, owed.held_by(patient, payer), share, account, each["amount"],
                        day, each["invoice_id"], self.day(each, "allocated_at"),
                    )
                )  # fmt: skip
            waiting = [part.pop(0) for part in parts if part[0].credit == "unapplied_credit"]
            amount = sum((each.amount for each in waiting), ZERO)
            named = replace(held, invoice=settles)
            receipt = Posting(named, day, share, account, "unapplied_credit", amount)
            yield from self._posted([receipt, *chain.from_iterable(parts)], voided)

    def _good_payments(self) -> Iterator[Row]:
        return filter(self._is_received, self.tables["payments"])

    def _is_received(self, payment: Row) -> bool:
        return self.is_good_document(payment) and payment["status"] not in ("pending", "failed")

    def _receipt_of(self, payment: Row) -> tuple[int | None, int | None]:
        """Name the patient and payer of a receipt, else those of its own invoice.

        What a wallet pays is of the patient whose wallet it is (V4).
        """
        wallet = self._wallet_transaction_of(payment) or {}
        invoice = self.find("invoices", payment["invoice_id"], payment) or {}
        payer = payment["payer_id"]
        if payment["method"] == "insurance":
            payer = payer or invoice.get("payer_id")
        owner = None if self._is_of_top_up(payment) else wallet.get("patient_id")
        patient = owner or payment["patient_id"] or invoice.get("patient_id")
        return patient, payer

    def _allocations(self, payment: Row) -> list[Row]:
        """Give the allocations that hold: none where they are more than the payment."""
        mine = [
            row
            for row in self.tables["payment_allocations"]
            if row["payment_id"] == payment["id"] and row["hospital_id"] == payment["hospital_id"]
        ]
        if sum((row["amount"] for row in mine), ZERO) > payment["amount"]:
            return []
        return [row for row in mine if self.find("invoices", row["invoice_id"], row) is not None]

    def _rest(self, payment: Row, allocations: list[Row]) -> Decimal:
        """Give what is left beside the allocations, so that all of it is the payment (V11)."""
        amounts = [rounded(row["amount"], payment["currency_code"]) for row in allocations]
        return rounded(payment["amount"], payment["currency_code"]) - sum(amounts, ZERO)

    def _money(
        self, row: Row, owed: Origin, held: Origin, share: str, account: str, amount: Decimal,
        day: date, settles: int | None, applied: date | None = None,
    ) -> list[Posting]:  # fmt: skip
        """Post money that came in: it settles an invoice on the last of its dates (A2).

        Until then it is the holder's, of no department, who then hands it on to who owes (A1); so
        does a wallet.
        """
        exact = rounded(amount, owed.currency)
        settling = Posting(owed, day, share, account, "receivable", exact)
        received = replace(settling, origin=held, credit="unapplied_credit")
        is_anothers = received.debtor != settling.debtor
        invoice = self._settled_invoice(settles, row)
        if invoice is None:
            return [received]
        settled = max(day, applied or day, self.day(invoice, "issued_at"))
        if settled == day and not (is_anothers and account == "wallet_liability" and held.patient):
            return [settling]
        return [received, *self._applied(received, owed, settled)]

    def _wallets(self) -> Iterator[Posting]:
        payments = list(self._good_payments())
        beside = {(row["hospital_id"], row["wallet_transaction_id"]) for row in payments}
        posted = {(row["hospital_id"], row["id"]) for row in payments}
        for row in filter(self._is_completed, self.tables["wallet_transactions"]):
            hospital, day, kind = row["hospital_id"], self.day(row, "transacted_at"), row["type"]
            invoice, amount = row["invoice_id"], row["amount"]
            if kind == "refund":
                continue
            origin = self._origin("wallet_transaction", row, invoice, None)
            owner = origin.held_by(row["patient_id"] or origin.patient, None)
            payment = self._payment_beside(row) if kind == "top_up" else None
            if payment is not None:
                found = self._topped_up(row, payment)
            elif kind in ("top_up", "withdrawal"):
                exact = rounded(amount, origin.currency)
                found = [Posting(owner, day, "patient", "cash", "wallet_liability", exact)]
            elif {(hospital, row["payment_id"])} & posted or (hospital, row["id"]) in beside:
                continue  # R6: the use stands beside a payment
            else:
                found = self._money(
                    row, origin, owner, "patient", "wallet_liability", amount, day, invoice
                )
                if invoice is None:
                    found = [replace(found[0], credit="unbilled_wallet_use")]  # V6
            if kind == "withdrawal":
                found = [posting.swapped() for posting in found]
            yield from self._posted(found, self._voided(row, "voided"))

    def _is_completed(self, row: Row) -> bool:
        return self.is_good_document(row) and row["status"] in ("completed", "voided")

    def _wallet_transaction_of(self, payment: Row) -> Row | None:
        return self.find("wallet_transactions", payment["wallet_transaction_id"], payment)

    def _is_of_top_up(self, payment: Row) -> bool:
        """Tell whether the payment is the receipt of a top-up, and no use of a wallet."""
        wallet = self._wallet_transaction_of(payment)
        return wallet is not None and wallet["type"] == "top_up"

    def _is_by_wallet(self, payment: Row) -> bool:
        if payment["method"] == "wallet":
            return True
        return payment["wallet_transaction_id"] is not None and not self._is_of_top_up(payment)

    def _payment_beside(self, row: Row) -> Row | None:
        """Give the first payment that the top-up names, or that names it and is by no wallet."""

        def is_beside(payment: Row) -> bool:
            names = payment["wallet_transaction_id"] == row["id"]
            return payment["id"] == row["payment_id"] or (names and payment["method"] != "wallet")

        found = [
            payment
            for payment in self._good_payments()
            if payment["hospital_id"] == row["hospital_id"]
            and payment["currency_code"] == row["currency_code"]
            and is_beside(payment)
        ]
        return min(found, key=lambda payment: int(payment["id"]), default=None)

    def _topped_up(self, row: Row, payment: Row) -> list[Posting]:
        """Put what a payment settles of no invoice into the wallet, and no cash once more (R6)."""
        allocations = self._allocations(payment)
        is_settling = payment["invoice_id"] is not None and not allocations
        left = ZERO if is_settling else self._rest(payment, allocations)
        patient, payer = self._receipt_of(payment)
        receipt = self._origin("payment", payment, None, payer).held_by(patient, payer)
        held = replace(receipt, kind="wallet_transaction", key=row["id"], hour=None)
        credit = Posting(
            held, self.day(row, "transacted_at"), share_of(payment), "unapplied_credit",
            "wallet_liability", min(rounded(row["amount"], held.currency), left),
        )  # fmt: skip
        owner = held.held_by(row["patient_id"], None)
        into = replace(credit, origin=owner, share="patient")
        if credit.share == "patient" and patient == row["patient_id"]:
            return [into]
        return [replace(credit, credit="credit_transfer"), replace(into, debit="credit_transfer")]


def share_of(payment: Row) -> str:
    """Give the share that a receipt settles, and a refund of it opens again."""
    return "payer" if payment["payer_id"] or payment["method"] == "insurance" else "patient"
