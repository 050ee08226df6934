"""What a posting of the oracle is, and what every document's postings are made with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from tests.oracle.records import Hospital, Records, Row, Tables, rounded

ZERO = Decimal(0)


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

    def held_by(self, patient: int | None, payer: int | None) -> Origin:
        """Make it credit of a holder: of no department until an invoice takes it (A1)."""
        return replace(
            self, patient=patient, payer=payer, department=None, practitioner=None, app=None
        )


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


class Ledger(Records):
    """The records of a hospital group, and the postings so far."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.postings: list[Posting] = []
        self._of_invoice: dict[int | None, list[Posting]] = defaultdict(list)

    def _post(self, posting: Posting) -> None:
        self.postings.append(posting)
        self._of_invoice[posting.origin.invoice].append(posting)

    def _open(self, invoice: int, share: str, day: date) -> Decimal:
        """Give what a share of an invoice has open at the end of a day, if it owes at all."""
        known = [each for each in self._of_invoice[invoice] if each.day <= day]
        owed = sum((each.on("receivable") for each in known if each.share == share), ZERO)
        return max(owed, ZERO)

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

    def _applied(self, received: Posting, owed: Origin, day: date) -> list[Posting]:
        """Apply credit to an invoice on a day; what another owes is handed on first."""
        applied = replace(
            received, origin=owed, day=day, debit="unapplied_credit", credit="receivable"
        )
        if applied.debtor == received.debtor:
            return [applied]
        handed = replace(received, day=day, debit="unapplied_credit", credit="credit_transfer")
        return [handed, replace(applied, debit="credit_transfer")]

    def department_of(self, line: Row, invoice: Row) -> int | None:
        """Climb the ladder of V10: line, order, visit, invoice."""
        orders = {"test_order": "test_orders", "pharmacy_sale": "pharmacy_sales"}
        table = orders.get(invoice["billable_type"])
        order = self.find(table, invoice["billable_id"], invoice) if table else None
        visit = self.find("visits", invoice["visit_id"], invoice)
        ladder = (line, order, visit, invoice)
        named = [step["department_id"] for step in ladder if step is not None]
        return next((department for department in named if department is not None), None)

    def _item(self, line: Row, invoice: Row) -> Item:
        visit = self.find("visits", invoice["visit_id"], invoice)
        return Item(
            line["id"], line.get("item_type"), line.get("item_id"),
            visit["visit_type"] if visit else None, line.get("tax_code"), line["tax_rate"],
        )  # fmt: skip


def other_share(share: str) -> str:
    """Name the share of an invoice that this one is not."""
    return "patient" if share == "payer" else "payer"


def part_of(amount: Decimal, share: Decimal, whole: Decimal, currency: str) -> Decimal:
    """Give what of an amount belongs to a share of a whole, rounded."""
    return rounded(amount * share / whole, currency) if whole else ZERO
