"""The postings of credit notes, and of what is used of them elsewhere (A7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.oracle.postings import ZERO, Ledger, Origin, Posting, other_share, part_of
from tests.oracle.records import Row, rounded

# the day, the kind and the row of a use, and the day it was voided
Use = tuple[date, str, Row, date | None]


class CreditNotes(Ledger):
    """Credit notes, against what their invoices have open."""

    def _credit_notes(self) -> Iterator[Posting]:
        """Post credit notes in the order of their dates, each against what is then open (A7)."""
        notes = self._issued_notes()
        for note in sorted(notes, key=lambda row: (self._credited_on(row), int(row["id"]))):
            yield from self._posted(self._credit_note(note), self._voided(note, "void"))

    def _credit_note(self, note: Row) -> list[Posting]:
        day, share, currency = self._credited_on(note), note["share"], note["currency_code"]
        other = other_share(share)
        left = {share: ZERO, other: ZERO}
        if self._settled_invoice(note["invoice_id"], note) is not None:
            left = {each: self._open(note["invoice_id"], each, day) for each in left}
        header = self._origin("credit_note", note, note["invoice_id"], note["payer_id"])
        found: list[Posting] = []
        for item in self._credit_note_items(note):
            origin = self._credited(header, note, item)
            net, tax = (rounded(item[name], currency) for name in ("net_amount", "tax_amount"))
            own = min(net + tax, left[share])
            others = min(net + tax - own, left[other])
            left[share] -= own
            left[other] -= others
            other_tax = part_of(tax, others, net + tax, currency)
            for whose, debit, credit, amount in (
                (share, "credit_notes", "receivable", net - others + other_tax),
                (other, "credit_notes", "receivable", others - other_tax),
                (share, "tax_payable", "receivable", tax - other_tax),
                (other, "tax_payable", "receivable", other_tax),
                (share, "receivable", "unapplied_credit", net + tax - own - others),
            ):
                found.append(Posting(origin, day, whose, debit, credit, amount))
        return found

    def _credit_note_items(self, note: Row) -> list[Row]:
        mine = [
            row
            for row in self.tables["credit_note_items"]
            if row["credit_note_id"] == note["id"] and row["hospital_id"] == note["hospital_id"]
        ]
        return sorted(mine, key=lambda row: int(row["id"]))

    def _credited(self, origin: Origin, note: Row, item: Row) -> Origin:
        """Climb the ladder of the credited line, if it is one of the invoice's own."""
        header = self.find("invoices", note["invoice_id"], note)
        line = self.find("invoice_items", item["invoice_item_id"], note)
        origin = replace(origin, line=item["id"])
        if line is None or header is None or line["invoice_id"] != header["id"]:
            return origin
        return replace(
            origin,
            department=self.department_of(line, {**header, "department_id": origin.department}),
            practitioner=line.get("doctor_id") or origin.practitioner,
            item=self._item(line, header),
        )

    def _credited_on(self, note: Row) -> date:
        invoice = self.issued(note["invoice_id"], note)
        day = self.day(note, "issued_at")
        return max(day, self.day(invoice, "issued_at")) if invoice else day

    def _credited_amount(self, note: Row) -> Decimal:
        """Add up a credit note with its tax."""
        amounts = (
            rounded(item[name], note["currency_code"])
            for item in self._credit_note_items(note)
            for name in ("net_amount", "tax_amount")
        )
        return sum(amounts, ZERO)

    def _issued_notes(self) -> list[Row]:
        return [row for row in self.tables["credit_notes"] if self._is_issued_note(row)]

    def _is_issued_note(self, note: Row) -> bool:
        return self.is_good_document(note) and note["status"] != "draft"

    def _allocated_credit_notes(self) -> Iterator[Posting]:
        """Post what credit notes are used for on other invoices than their own (A7)."""
        for note in self._issued_notes():
            own = self._origin("credit_note", note, note["invoice_id"], note["payer_id"])
            whole = {"credited": self._credited_amount(note)}
            for (day, kind, row, voided), taken in self._played(note, whole):
                if kind == "refund":
                    continue
                named = {**note, "id": row["id"], "patient_id": own.patient}
                owed = self._origin(kind, named, row["invoice_id"], own.payer)
                held = replace(owed, patient=own.patient, payer=own.payer)
                credit = Posting(
                    held, day, note["share"], "credit_notes", "unapplied_credit", taken["credited"]
                )
                yield from self._posted(self._applied(credit, owed, day), voided)

    def _uses_on_invoices(self, note: Row) -> Iterator[tuple[date, Row]]:
        """Give the allocations that hold, with their days: none where they exceed the note."""
        items = [
            item
            for item in self._credit_note_items(note)
            if item["net_amount"] > 0 and item["tax_amount"] >= 0
        ]
        mine = [
            row
            for row in self.tables["credit_note_allocations"]
            if row["credit_note_id"] == note["id"]
            and row["hospital_id"] == note["hospital_id"]
            and row["amount"] > 0
        ]
        whole = sum((each["net_amount"] + each["tax_amount"] for each in items), ZERO)
        if sum((row["amount"] for row in mine), ZERO) > whole:
            return
        for row in mine:
            invoice = self._settled_invoice(row["invoice_id"], note)
            if invoice is not None and invoice["id"] != note["invoice_id"]:
                issued = self.day(invoice, "issued_at")
                yield max(self.day(row, "allocated_at"), self._credited_on(note), issued), row

    def _used_credit_notes(self) -> Iterator[Posting]:
        """Post what credit notes had settled and is used elsewhere: it is owed again (A7)."""
        for note in self._issued_notes():
            invoice = self._settled_invoice(note["invoice_id"], note)
            if invoice is None or not self._credit_note_items(note):
                continue
            mine = [
                each
                for each in self.postings
                if each.origin.kind == "credit_note"
                and each.origin.key == note["id"]
                and not each.is_reversal
            ]
            others = [each for each in mine if each.share != note["share"]]
            pools = {
                "excess": sum(
                    (each.on("receivable") for each in mine if each.debit == "receivable"), ZERO
                ),
                "other": -sum((each.on("receivable") for each in others), ZERO),
            }
            pools["own"] = self._credited_amount(note) - pools["excess"] - pools["other"]
            yield from self._used(note, invoice, pools)

    def _used(self, note: Row, invoice: Row, pools: dict[str, Decimal]) -> Iterator[Posting]:
        """Open the own invoice for what a use takes of what was settled, until either is void.

        What had settled the other share is owed there, and is credit of the credit note's own.
        """
        share, other = note["share"], other_share(note["share"])
        for (day, kind, row, voided), taken in self._played(note, pools):
            document = {**note, **row, "patient_id": note["patient_id"]}
            header = self._origin(kind, document, invoice["id"], note["payer_id"])
            origin = replace(header, line=int(kind == "credit_note_allocation"), uses_credit=True)
            day = max(day, self._credited_on(note))
            voids = [each for each in (voided, self._voided(note, "void")) if each is not None]
            for whose, debit, credit, amount in (
                (share, "receivable", "unapplied_credit", taken["own"]),
                (other, "receivable", "credit_transfer", taken["other"]),
                (share, "credit_transfer", "unapplied_credit", taken["other"]),
            ):
                posting = Posting(origin, day, whose, debit, credit, amount)
                yield from self._posted([posting], min(voids, default=None))

    def _played(
        self, note: Row, pools: dict[str, Decimal]
    ) -> Iterator[tuple[Use, dict[str, Decimal]]]:
        """Let each use take the pools in their order, beside those not voided by then."""
        played: list[tuple[date | None, dict[str, Decimal]]] = []
        for use in self._uses(note):
            day, _, row, voided = use
            wanted, taken = rounded(row["amount"], note["currency_code"]), {}
            for pool, amount in pools.items():
                standing = (parts for until, parts in played if until is None or until > day)
                taken[pool] = min(wanted, amount - sum((each[pool] for each in standing), ZERO))
                wanted -= taken[pool]
            played.append((voided, taken))
            yield use, taken

    def _uses(self, note: Row) -> list[Use]:
        """List refunds and allocations of a credit note in the order of their days."""
        found = [
            (day, "credit_note_allocation", row, self._voided(note, "void"))
            for day, row in self._uses_on_invoices(note)
        ] + [
            (self.day(row, "executed_at"), "refund", row, self._voided(row, "voided"))
            for row in self.tables["refunds"]
            if row["credit_note_id"] == note["id"]
            and row["hospital_id"] == note["hospital_id"]
            and row["currency_code"] == note["currency_code"]
            and self._is_executed(row)
        ]
        return sorted(found, key=lambda use: (use[0], use[1], use[2]["id"]))

    def _is_executed(self, refund: Row) -> bool:
        payment = self.find("payments", refund["payment_id"], refund)
        return (
            self.is_good_document(refund)
            and (refund["payment_id"] is None or payment is not None)
            and refund["status"] in ("executed", "voided")
            and refund["executed_at"] is not None
        )
