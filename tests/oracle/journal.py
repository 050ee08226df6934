"""The journal of a hospital group, worked out by hand from the rows of its hms tables.

Slow and plain on purpose: no SQL, nothing shared with the models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import chain

from tests.oracle.points import revenue_point
from tests.oracle.records import Hospital, Records, Row, Tables, rounded

ACCOUNTS = {
    "contractual_adjustment": ("contractual_adjustments", "receivable"),
    "charity_care": ("charity_care", "receivable"),
    "recovery": ("cash", "recoveries"),
}
ZERO = Decimal(0)
# the day, the kind and the row of a use, and the day it was voided
Use = tuple[date, str, Row, date | None]


@dataclass(frozen=True)
class Item:
    """What an invoice line is for."""

    line: int
    category: str | None
    key: int | None
    patient_type: str | None
    tax_code: str | None
    tax_rate: Decimal | None


@dataclass(frozen=True)
class Origin:
    """The document that a posting comes from, and what it says about it."""

    hospital: Hospital
    kind: str
    key: int
    currency: str
    rate: Decimal
    invoice: int | None
    department: int | None
    patient: int | None
    payer: int | None
    app: str | None = None
    practitioner: int | None = None
    wallet_type: str | None = None
    method: str | None = None
    item: Item | None = None
    hour: int | None = None
    line: int = 0
    uses_credit: bool = False


@dataclass(frozen=True)
class Posting:
    """An amount that moves from the credit to the debit account."""

    origin: Origin
    day: date
    share: str
    debit: str
    credit: str
    amount: Decimal
    charged_line: int | None = None
    is_reversal: bool = False
    point: tuple[str, str] = ("unattributed", "unattributed")
    carried_to: int = 0
    carried_from: date | None = None

    @cached_property
    def base_amount(self) -> Decimal:
        """Give the amount in the hospital's own currency."""
        return rounded(self.amount * self.origin.rate, self.origin.hospital.currency)

    @property
    def debtor(self) -> int:
        """Name who owes or is owed: the payer for its share, else the patient; 0 if nobody."""
        named = self.origin.payer if self.share == "payer" else self.origin.patient
        return named or 0

    @property
    def is_void(self) -> bool:
        """Tell whether it is of a void, be it what was withdrawn of one."""
        return self.is_reversal != (self.carried_to < 0)

    @property
    def counts(self) -> int:
        """Give 1, or -1 for what was withdrawn: it is less of what it was, and not the other."""
        return -1 if self.carried_to < 0 else 1

    def on(self, account: str) -> Decimal:
        """Give what the posting adds to an account."""
        return (self.amount if self.debit == account else ZERO) - (
            self.amount if self.credit == account else ZERO
        )

    def swapped(self) -> Posting:
        """Turn the posting round; a charge taken back charges no line."""
        return replace(self, debit=self.credit, credit=self.debit, charged_line=None)


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


class Books(Records):
    """The records of a hospital group, and the postings that follow from them."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.postings: list[Posting] = []
        self._of_invoice: dict[int | None, list[Posting]] = defaultdict(list)
        self._given_back = list(self._executed_refunds())
        for step in (
            self._lines, self._payments, self._refunds, self._wallets, self._write_offs,
            self._allocated_credit_notes, self._credit_notes, self._used_credit_notes,
        ):  # fmt: skip
            for found in step():
                posting = replace(found, point=self._point(found.origin))
                self.postings.append(posting)
                self._of_invoice[posting.origin.invoice].append(posting)

    def _point(self, origin: Origin) -> tuple[str, str]:
        """Give the revenue point and the rule that found it (V14)."""
        of = {"hospital_id": origin.hospital.key}
        department = self.find("departments", origin.department, of)
        category = origin.item.category if origin.item else None
        return revenue_point(origin.app, origin.wallet_type, department, category)

    def _settled_invoice(self, key: int | None, of: Row) -> Row | None:
        """Money settles issued invoices of its own currency (A10)."""
        invoice = self.issued(key, of)
        same = invoice is not None and invoice["currency_code"] == of["currency_code"]
        return invoice if same else None

    def _origin(self, kind: str, row: Row, invoice: int | None, payer: int | None) -> Origin:
        """An issued invoice says who owes, else the document itself."""
        header = self.issued(invoice, row) or {}
        return Origin(
            self.hospitals[row["hospital_id"]], kind, row["id"], row["currency_code"],
            row["exchange_rate"], invoice, header.get("department_id"),
            header.get("patient_id") or row.get("patient_id"), header.get("payer_id") or payer,
            header.get("source_app"), header.get("doctor_id"),
            row.get("type") if kind == "wallet_transaction" else None, row.get("method"),
            hour=self._hour(row, "paid_at") if kind == "payment" else None,
        )  # fmt: skip

    def _hour(self, row: Row, column: str) -> int:
        """Give the hour of an instant by the hospital's clock."""
        instant: datetime = row[column]
        return instant.astimezone(self.hospitals[row["hospital_id"]].zone).hour

    def _posted(self, found: list[Posting], voided: date | None) -> Iterator[Posting]:
        """Give the postings with amounts above zero (R1) and, if voided, all swapped (R2)."""
        for posting in found:
            if posting.amount < 0:
                line = posting.charged_line
                posting = replace(posting.swapped(), amount=-posting.amount, charged_line=line)
            if posting.amount:
                yield posting
                if voided is not None:
                    yield replace(
                        posting.swapped(), day=max(voided, posting.day), is_reversal=True
                    )

    def _voided(self, row: Row, status: str) -> date | None:
        return self.day(row, "voided_at") if row["status"] == status else None

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

    def _applied(self, received: Posting, owed: Origin, day: date) -> list[Posting]:
        """Apply credit to an invoice on a day; what another owes is handed on first."""
        applied = replace(
            received, origin=owed, day=day, debit="unapplied_credit", credit="receivable"
        )
        if applied.debtor == received.debtor:
            return [applied]
        handed = replace(received, day=day, debit="unapplied_credit", credit="credit_transfer")
        return [handed, replace(applied, debit="credit_transfer")]

    # documents ---------------------------------------------------------------------------

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
            payer_discount = _part(discount, payer_total, total, origin.currency)
            payer_tax = _part(tax, payer_total, total, origin.currency)
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

    def department_of(self, line: Row, invoice: Row) -> int | None:
        """Climb the ladder of V10: line, order, visit, invoice."""
        orders = {"test_order": "test_orders", "pharmacy_sale": "pharmacy_sales"}
        table = orders.get(invoice["billable_type"])
        order = self.find(table, invoice["billable_id"], invoice) if table else None
        visit = self.find("visits", invoice["visit_id"], invoice)
        ladder = (line, order, visit, invoice)
        named = [step["department_id"] for step in ladder if step is not None]
        return next((department for department in named if department is not None), None)

    def _good_payments(self) -> Iterator[Row]:
        return filter(self._is_received, self.tables["payments"])

    def _is_received(self, payment: Row) -> bool:
        return self.is_good_document(payment) and payment["status"] not in ("pending", "failed")

    def _payments(self) -> Iterator[Posting]:
        for row in self._good_payments():
            day, voided = self.day(row, "paid_at"), self._voided(row, "voided")
            share = _share(row)
            is_wallet = row["method"] == "wallet" or row["wallet_transaction_id"] is not None
            account = "wallet_liability" if is_wallet else "cash"
            allocations = self._allocations(row)
            rest = self._rest(row, allocations)
            settles = None if allocations else row["invoice_id"]
            patient, payer = self._receipt_of(row)
            row = {**row, "patient_id": patient, "payer_id": payer}
            owed = self._origin("payment", row, row["invoice_id"], payer)
            held = _held(owed, patient, payer)
            parts = [self._money(row, owed, held, share, account, rest, day, settles)]
            for each in allocations:
                header = self._origin("payment", row, each["invoice_id"], payer)
                owed = replace(header, line=each["id"])
                parts.append(
                    self._money(
                        row, owed, _held(owed, patient, payer), share, account, each["amount"],
                        day, each["invoice_id"], self.day(each, "allocated_at"),
                    )
                )  # fmt: skip
            waiting = [part.pop(0) for part in parts if part[0].credit == "unapplied_credit"]
            amount = sum((each.amount for each in waiting), ZERO)
            named = replace(held, invoice=settles)
            receipt = Posting(named, day, share, account, "unapplied_credit", amount)
            yield from self._posted([receipt, *chain.from_iterable(parts)], voided)

    def _receipt_of(self, payment: Row) -> tuple[int | None, int | None]:
        """Name the patient and payer of a receipt, else those of its own invoice.

        What a wallet pays is of the patient whose wallet it is (V4).
        """
        wallet = self.find("wallet_transactions", payment["wallet_transaction_id"], payment) or {}
        invoice = self.find("invoices", payment["invoice_id"], payment) or {}
        payer = payment["payer_id"]
        if payment["method"] == "insurance":
            payer = payer or invoice.get("payer_id")
        patient = wallet.get("patient_id") or payment["patient_id"] or invoice.get("patient_id")
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
        return share if payment is None else _share(payment)

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
            credit = replace(credit, origin=_held(held, held.patient, held.payer))
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

    def _is_executed(self, refund: Row) -> bool:
        payment = self.find("payments", refund["payment_id"], refund)
        return (
            self.is_good_document(refund)
            and (refund["payment_id"] is None or payment is not None)
            and refund["status"] in ("executed", "voided")
            and refund["executed_at"] is not None
        )

    def _credit_note_of(self, refund: Row) -> Row | None:
        note = self.find("credit_notes", refund["credit_note_id"], refund)
        if note is None or not self._is_issued_note(note):
            return None
        return note if self._credit_note_items(note) else None

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
            owner = _held(origin, row["patient_id"] or origin.patient, None)
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

    def _payment_beside(self, row: Row) -> Row | None:
        payment = self.find("payments", row["payment_id"], row)
        if payment is None or not self._is_received(payment):
            return None
        return payment if payment["currency_code"] == row["currency_code"] else None

    def _topped_up(self, row: Row, payment: Row) -> list[Posting]:
        """Put what a payment settles of no invoice into the wallet, and no cash once more (R6)."""
        allocations = self._allocations(payment)
        is_settling = payment["invoice_id"] is not None and not allocations
        left = ZERO if is_settling else self._rest(payment, allocations)
        patient, payer = self._receipt_of(payment)
        held = replace(
            _held(self._origin("payment", payment, None, payer), patient, payer),
            kind="wallet_transaction", key=row["id"], hour=None,
        )  # fmt: skip
        credit = Posting(
            held, self.day(row, "transacted_at"), _share(payment), "unapplied_credit",
            "wallet_liability", min(rounded(row["amount"], held.currency), left),
        )  # fmt: skip
        owner = _held(held, row["patient_id"], None)
        into = replace(credit, origin=owner, share="patient")
        if credit.share == "patient" and patient == row["patient_id"]:
            return [into]
        return [replace(credit, credit="credit_transfer"), replace(into, debit="credit_transfer")]

    def _is_completed(self, row: Row) -> bool:
        return self.is_good_document(row) and row["status"] in ("completed", "voided")

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

    # credit notes ------------------------------------------------------------------------

    def _credit_notes(self) -> Iterator[Posting]:
        """Post credit notes in the order of their dates, each against what is then open (A7)."""
        notes = self._issued_notes()
        for note in sorted(notes, key=lambda row: (self._credited_on(row), int(row["id"]))):
            yield from self._posted(self._credit_note(note), self._voided(note, "void"))

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

    def _credited_amount(self, note: Row) -> Decimal:
        """Add up a credit note with its tax."""
        amounts = (
            rounded(item[name], note["currency_code"])
            for item in self._credit_note_items(note)
            for name in ("net_amount", "tax_amount")
        )
        return sum(amounts, ZERO)

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

    def _issued_notes(self) -> list[Row]:
        return [row for row in self.tables["credit_notes"] if self._is_issued_note(row)]

    def _is_issued_note(self, note: Row) -> bool:
        return self.is_good_document(note) and note["status"] != "draft"

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
        share, other = note["share"], _other_share(note["share"])
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

    def _credited_on(self, note: Row) -> date:
        invoice = self.issued(note["invoice_id"], note)
        day = self.day(note, "issued_at")
        return max(day, self.day(invoice, "issued_at")) if invoice else day

    def _credit_note(self, note: Row) -> list[Posting]:
        day, share, currency = self._credited_on(note), note["share"], note["currency_code"]
        other = _other_share(share)
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
            other_tax = _part(tax, others, net + tax, currency)
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

    def _item(self, line: Row, invoice: Row) -> Item:
        visit = self.find("visits", invoice["visit_id"], invoice)
        return Item(
            line["id"], line.get("item_type"), line.get("item_id"),
            visit["visit_type"] if visit else None, line.get("tax_code"), line["tax_rate"],
        )  # fmt: skip

    def _open(self, invoice: int, share: str, day: date) -> Decimal:
        """Give what a share of an invoice has open at the end of a day, if it owes at all."""
        known = [each for each in self._of_invoice[invoice] if each.day <= day]
        owed = sum((each.on("receivable") for each in known if each.share == share), ZERO)
        return max(owed, ZERO)


def _held(origin: Origin, patient: int | None, payer: int | None) -> Origin:
    """Make a document's credit a holder's: of no department until an invoice takes it (A1)."""
    return replace(
        origin, patient=patient, payer=payer, department=None, practitioner=None, app=None
    )


def _share(payment: Row) -> str:
    """Give the share that a receipt settles, and a refund of it opens again."""
    return "payer" if payment["payer_id"] or payment["method"] == "insurance" else "patient"


def _other_share(share: str) -> str:
    return "patient" if share == "payer" else "payer"


def _priced(line: Row, exact: Decimal, currency: str) -> tuple[Decimal, Decimal, Decimal]:
    """Give gross, discount and tax: the source's tax, else the line's rate (V13)."""
    gross, discount = rounded(exact, currency), rounded(line["discount_amount"], currency)
    tax = line["tax_amount"]
    if tax is None:
        tax = (gross - discount) * line["tax_rate"] / 100
    return gross, discount, rounded(tax, currency)


def _part(amount: Decimal, share: Decimal, whole: Decimal, currency: str) -> Decimal:
    return rounded(amount * share / whole, currency) if whole else ZERO
