"""What the marts should say, cell by cell, summed up from the oracle's journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from tests.oracle.journal import Books
from tests.oracle.postings import ZERO, Posting
from tests.oracle.records import Hospital, Row

Key = tuple[Any, ...]
Cells = dict[Key, dict[str, Any]]

BUCKETS = ((0, "not_due"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"),
           (120, "days_91_120"))  # fmt: skip
BANDS = ((-1, "expired"), (30, "days_0_30"), (60, "days_31_60"), (90, "days_61_90"),
         (180, "days_91_180"))  # fmt: skip
REVENUE = ("revenue", "discounts", "contractual_adjustments", "charity_care", "credit_notes",
           "write_offs", "tax_payable")  # fmt: skip
MONEY = ("cash", "wallet_liability")


def tenant(hospital: Hospital) -> str:
    """Name the tenant that a hospital is."""
    return f"demo_{hospital.key}"


@lru_cache(maxsize=8)
def open_receivables(books: Books, day: date) -> Cells:
    """Sum what is open by document, share and currency at the end of a day (A1)."""
    found: Cells = {}
    for key, postings in _grouped(_receivable(books, day), _owed).items():
        first = min(each.day for each in postings)
        origin = postings[0].origin
        of = {"hospital_id": origin.hospital.key}
        invoice = books.issued(origin.invoice, of)
        due, rule = due_date(books, invoice) if invoice else (first, "document_date")
        found[key] = {
            "outstanding_amount": _total(postings, "receivable"),
            "outstanding_base_amount": _base_total(postings, "receivable"),
            "debtor_id": _named(invoice, postings) or max(each.debtor for each in postings),
            "due_date_rule": rule,
            "invoice_date": books.day(invoice, "issued_at") if invoice else first,
            "due_date": due,
        }
    return {
        key: cells
        for key, cells in found.items()
        if cells["outstanding_amount"] or cells["outstanding_base_amount"]
    }


def _named(invoice: Row | None, postings: list[Posting]) -> int | None:
    """Give who owes an invoice by its source, though another one was signed."""
    column = "payer_id" if postings[0].share == "payer" else "patient_id"
    named: int | None = invoice[column] if invoice else None
    return named


def ar_aging(books: Books, day: date) -> Cells:
    """Sum what is open by share, currency and bucket, unapplied credit beside (A3, A4, A5)."""
    sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    documents, undated = defaultdict(set), defaultdict(set)
    for (name, kind, key, share, currency), cells, due, part in aged_parts(books, day):
        place = (name, share, currency, bucket((day - due).days))
        sums[place] += part
        documents[place].add((kind, key))
        if cells["due_date_rule"] != "source":
            undated[place].add((kind, key))
    found = {
        place: {
            "gross_amount": amount,
            "unapplied_credit_amount": ZERO,
            "net_amount": amount,
            "open_invoice_count": len(documents[place]),
            "invoice_without_due_date_count": len(undated[place]),
        }
        for place, amount in sums.items()
    }
    credits: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for (name, share, _, currency), cells in unapplied_credits(books, day).items():
        credits[name, share, currency, "unapplied_credit"] += cells["unapplied_credit_amount"]
    for place, amount in credits.items():
        found[place] = {
            "gross_amount": ZERO,
            "unapplied_credit_amount": amount,
            "net_amount": -amount,
            "open_invoice_count": 0,
            "invoice_without_due_date_count": 0,
        }
    return {place: cells for place, cells in found.items() if any(cells.values())}


@lru_cache(maxsize=8)
def aged_parts(books: Books, day: date) -> list[tuple[Key, dict[str, Any], date, Decimal]]:
    """Give what is open with its cells, by the due dates of its parts (A6)."""
    found = []
    owed_by_patients = {
        _owed(each)[:3]
        for each in _receivable(books, day)
        if (each.share, each.debit, each.origin.kind) == ("patient", "receivable", "invoice")
    }
    for place, cells in open_receivables(books, day).items():
        _, kind, key, share, _ = place
        in_parts = share == "patient" or place[:3] not in owed_by_patients
        invoice = key if kind == "invoice" and in_parts else None
        for due, part in _parts(books, place[0], invoice, cells):
            found.append((place, cells, due, part))
    return found


def bucket(days: int) -> str:
    """Name the bucket of a number of days past due."""
    return next((name for last, name in BUCKETS if days <= last), "days_121_over")


def due_date(books: Books, invoice: Row) -> tuple[date, str]:
    """Give the source's due date, else the payer's terms, else the day of issue (A4)."""
    if invoice["due_date"] is not None:
        return invoice["due_date"], "source"
    issued = books.day(invoice, "issued_at")
    payer = books.find("insurance_payers", invoice["payer_id"], invoice)
    if payer is None:
        return issued, "invoice_date"
    return issued + timedelta(days=payer["terms_days"]), "terms"


def _parts(
    books: Books, name: str, invoice: int | None, cells: dict[str, Any]
) -> Iterator[tuple[date, Decimal]]:
    """Give due dates and open parts: payments settle the oldest instalment first (A6)."""
    left = cells["outstanding_amount"]
    instalments = sorted(
        (row["due_date"], row["number"], row["amount"])
        for row in books.tables["invoice_instalments"]
        if row["invoice_id"] == invoice
        and row["hospital_id"] in books.hospitals
        and tenant(books.hospitals[row["hospital_id"]]) == name
    )
    if not instalments:
        instalments = [(cells["due_date"], 0, left)]
    for due, _, part in reversed(instalments[1:]):
        if open_part := max(min(part, left), ZERO):
            left -= open_part
            yield due, open_part
    if left:
        yield instalments[0][0], left


def unapplied_credits(books: Books, day: date) -> Cells:
    """Sum money that settles nothing yet by share, debtor and currency (A3)."""
    held = (each for each in _until(books, day) if each.on("unapplied_credit"))
    found = {
        key: {
            "unapplied_credit_amount": -_total(postings, "unapplied_credit"),
            "unapplied_credit_base_amount": -_base_total(postings, "unapplied_credit"),
        }
        for key, postings in _grouped(
            held, lambda each: (_tenant(each), each.share, each.debtor, each.origin.currency)
        ).items()
    }
    return {key: cells for key, cells in found.items() if any(cells.values())}


def dept_revenue_daily(books: Books) -> Cells:
    """Sum charges, what is taken off them, net revenue and tax by day and department (V2)."""
    found: Cells = {}
    charges = (each for each in books.postings if {each.debit, each.credit} & set(REVENUE))
    for key, postings in _grouped(
        charges,
        lambda each: (_tenant(each), each.day, each.origin.department or 0, each.origin.currency),
    ).items():
        lines = {(each.origin.key, each.charged_line) for each in postings if each.charged_line}
        sums = {account: _total(postings, account) for account in REVENUE}
        found[key] = {
            "gross_charge_amount": -sums["revenue"],
            "discount_amount": sums["discounts"],
            "contractual_adjustment_amount": sums["contractual_adjustments"],
            "charity_care_amount": sums["charity_care"],
            "credit_note_amount": sums["credit_notes"],
            "net_revenue_amount": -sum((sums[account] for account in REVENUE[:5]), ZERO),
            "write_off_amount": sums["write_offs"],
            "tax_amount": -sums["tax_payable"],
            "line_count": len(lines),
            "invoice_count": len({invoice for invoice, _ in lines}),
        }
    return found


def daily_stats(books: Books) -> Cells:
    """Count visits and patients of a day, and sum its revenue and collections (V2, V5)."""
    visits = _counted(books, lambda row: books.day(row, "entered_at"))
    months = _counted(books, lambda row: books.day(row, "entered_at").replace(day=1))
    sums: dict[Key, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for each in books.postings:
        both, amount = sums[_tenant(each), each.day], each.base_amount
        both[0] += amount * ((each.credit in REVENUE[:5]) - (each.debit in REVENUE[:5]))
        if "unbilled_wallet_use" not in (each.debit, each.credit):
            both[1] += amount * (
                (each.debit in MONEY and each.credit not in MONEY)
                - (each.credit in MONEY and each.debit not in MONEY)
            )
    currencies = {tenant(each): each.currency for each in books.hospitals.values()}
    found: Cells = {}
    for name, day in visits.keys() | {key for key, both in sums.items() if any(both)}:
        none = 0 if (name, day.replace(day=1)) in months else None
        found[name, day] = {
            "currency_code": currencies[name],
            "visit_count": none,
            "patient_count": none,
            "net_revenue_amount": sums[name, day][0],
            "collected_amount": sums[name, day][1],
        } | visits.get((name, day), {})
    return found


def monthly_visits(books: Books) -> Cells:
    """Count visits and patients of a hospital by month."""
    return _monthly(books, lambda row: ())


def patients_by_department(books: Books) -> Cells:
    """Count visits and patients by month and department."""
    return _monthly(books, lambda row: (row["department_id"] or 0,))


def patients_by_visit_type(books: Books) -> Cells:
    """Count visits and patients by month and type of visit."""
    return _monthly(books, lambda row: (row["visit_type"],))


def patients_by_department_and_type(books: Books) -> Cells:
    """Count visits and patients by month, department and type of visit."""
    return _monthly(books, lambda row: (row["department_id"] or 0, row["visit_type"]))


def _monthly(books: Books, part: Callable[[Row], Key]) -> Cells:
    return _counted(books, lambda row: books.day(row, "entered_at").replace(day=1), part)


def _counted(
    books: Books, day: Callable[[Row], date], part: Callable[[Row], Key] = lambda row: ()
) -> Cells:
    """Count the visits that took place, and who came, by tenant, day and part."""
    visits = [
        row
        for row in books.tables["visits"]
        if row["hospital_id"] in books.hospitals
        and row["status"] in ("waiting", "in_consultation", "completed")
    ]
    return {
        key: {"visit_count": len(rows), "patient_count": len({row["patient_id"] for row in rows})}
        for key, rows in _grouped(
            visits,
            lambda row: (tenant(books.hospitals[row["hospital_id"]]), day(row), *part(row)),
        ).items()
    }


def trial_balance(books: Books, day: date) -> Cells:
    """Sum debits and credits by account and currency: opening, the month's, closing."""
    amounts: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
    base_amounts: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
    for each in _until(books, day):
        for account, sign in ((each.debit, 1), (each.credit, -1)):
            key = (_tenant(each), account, each.origin.currency)
            amounts[key].append((each.day, sign * each.amount))
            base_amounts[key].append((each.day, sign * each.base_amount))
    month = day.replace(day=1)
    return {
        key: _balance(mine, month, "amount") | _balance(base_amounts[key], month, "base_amount")
        for key, mine in amounts.items()
    }


def _balance(legs: list[tuple[date, Decimal]], month: date, unit: str) -> dict[str, Any]:
    within = [amount for moved, amount in legs if moved >= month]
    return {
        f"opening_{unit}": sum((amount for moved, amount in legs if moved < month), ZERO),
        f"debit_{unit}": sum((amount for amount in within if amount > 0), ZERO),
        f"credit_{unit}": -sum((amount for amount in within if amount < 0), ZERO),
        f"closing_{unit}": sum((amount for _, amount in legs), ZERO),
    }


def current_stock(books: Books, day: date) -> Cells:
    """Sum movements at storage locations by product, batch and location (S1, S2, S4)."""
    found: Cells = {}
    known = (move for move in movements(books) if move[1] <= day)
    for key, moves in _grouped(known, lambda move: move[0]).items():
        rows = [row for _, _, row in moves]
        quantity = sum((row["quantity"] for row in rows), ZERO)
        location = books.find("locations", key[3], rows[0])
        batch = books.find("batches", key[2], rows[0])
        if not quantity or location is None or location["location_type"] != "storage":
            continue
        value = sum((row["quantity"] * (row["unit_cost"] or 0) for row in rows), ZERO)
        expires = batch["expiry_date"] if batch else None
        found[key] = {
            "quantity": quantity,
            "value_amount": value.quantize(Decimal("0.0001"), ROUND_HALF_UP),
            "expiry_band_code": "no_expiry" if expires is None else band((expires - day).days),
            "is_negative": quantity < 0,
            "last_movement_date": max(moved for _, moved, _ in moves),
        }
    return found


def band(days: int) -> str:
    """Name the expiry band of a number of days to expiry."""
    return next((name for last, name in BANDS if days <= last), "later")


def moved_days(books: Books) -> list[tuple[str, date]]:
    """Give tenant and day of each movement of stock."""
    return [(key[0], moved) for key, moved, _ in movements(books)]


def movements(books: Books) -> Iterator[tuple[Key, date, Row]]:
    """Give the movements that name a product and a location of their hospital."""
    for row in books.tables["inventory_ledger"]:
        hospital = books.hospitals.get(row["hospital_id"])
        if hospital is not None and all(
            books.find(table, row[column], row) is not None
            for table, column in (("products", "product_id"), ("locations", "location_id"))
        ):
            key = (tenant(hospital), row["product_id"], row["batch_id"] or 0, row["location_id"])
            yield key, hospital.day(row["moved_at"]), row


# sums --------------------------------------------------------------------------------------


def _tenant(posting: Posting) -> str:
    return tenant(posting.origin.hospital)


def _until(books: Books, day: date) -> list[Posting]:
    return [each for each in books.postings if each.day <= day]


@lru_cache(maxsize=8)
def _receivable(books: Books, day: date) -> list[Posting]:
    return [each for each in _until(books, day) if each.on("receivable")]


def _owed(posting: Posting) -> Key:
    """Say what is open: an invoice, else the document itself."""
    origin = posting.origin
    document = (origin.kind, origin.key) if origin.invoice is None else ("invoice", origin.invoice)
    return (_tenant(posting), *document, posting.share, origin.currency)


def _grouped(items: Iterable[Any], key: Callable[[Any], Key]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def _total(postings: list[Posting], account: str) -> Decimal:
    return sum((each.on(account) for each in postings), ZERO)


def _base_total(postings: list[Posting], account: str) -> Decimal:
    return sum(
        (each.base_amount if each.on(account) > 0 else -each.base_amount for each in postings),
        ZERO,
    )
