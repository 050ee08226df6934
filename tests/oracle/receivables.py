"""What the marts of receivables and of what was collected on them should say, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.claims import sent_claims
from tests.oracle.journal import Books
from tests.oracle.points import revenue_point
from tests.oracle.postings import ZERO, Posting
from tests.oracle.records import Row, rounded
from tests.oracle.reports import (
    Cells,
    Key,
    aged_parts,
    bucket,
    open_receivables,
    tenant,
    unapplied_credits,
)
from tests.oracle.revenue import by_day, first_days, last_days, rate, write_offs

CAUSES = ("billed", "credited", "applied", "refunded", "adjusted", "written_off")


def bill_statuses(books: Books, day: date) -> Cells:
    """Give issued invoices by what they have open, with what they charged and is past due.

    One that was signed and is a draft again stays one while the journal has anything of it.
    """
    issued = {
        (tenant(books.hospitals[row["hospital_id"]]), row["id"], row["currency_code"]): row
        for row in books.tables["invoices"]
        if books.issued(row["id"], row) is not None and books.day(row, "issued_at") <= day
    }
    charged = _charged_in_currency(books, day)
    opened: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    overdue: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for (name, kind, key, _, currency), _, due, part in aged_parts(books, day):
        if kind == "invoice":
            opened[name, key, currency] += part
            overdue[name, key, currency] += part if due < day else ZERO
    columns = ("billed_amount", "open_amount", "overdue_amount")
    found: Cells = {}
    for place in issued.keys() | charged.keys() | opened.keys():
        amounts = dict(zip(columns, (charged[place], opened[place], overdue[place]), strict=True))
        row = issued.get(place)
        if row is None and not (charged[place] or opened[place]):
            continue
        is_void = row is not None and row["status"] == "void"
        status = _status(amounts, is_void and books.day(row, "voided_at") <= day)
        if status in ("unpaid", "partly_paid"):
            past = min(amounts["overdue_amount"], amounts["open_amount"])
            amounts["overdue_amount"] = max(past, ZERO)
        else:
            amounts["overdue_amount"] = ZERO
        name, key, currency = place
        found[name, key, status, currency] = amounts
    return found


def bill_status_summary(books: Books, day: date) -> Cells:
    """Count issued invoices by what they have open."""
    found: Cells = {}
    for (name, _, status, currency), amounts in bill_statuses(books, day).items():
        cells = found.setdefault((name, status, currency), defaultdict(int))
        for column, amount in amounts.items():
            cells[column] += amount
        cells["invoice_count"] += 1
        cells["overdue_invoice_count"] += amounts["overdue_amount"] > 0
    return found


def invoice_total_differences(books: Books) -> Cells:
    """List issued invoices, not void, whose total is not what their lines charge."""
    charged = _charged(books)
    found: Cells = {}
    for row in books.tables["invoices"]:
        if row["status"] == "void" or books.issued(row["id"], row) is None:
            continue
        place = (tenant(books.hospitals[row["hospital_id"]]), row["id"])
        stated = rounded(row["total_amount"], row["currency_code"])
        if stated != charged[place]:
            found[place] = {
                "stated_amount": stated,
                "charged_amount": charged[place],
                "difference_amount": charged[place] - stated,
                "invoice_date": books.day(row, "issued_at"),
            }
    return found


def _charged(books: Books) -> dict[Key, Decimal]:
    """Sum what the lines of each invoice charge, voided or not."""
    charged: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for (name, key, _), amount in _charged_in_currency(books, date.max).items():
        charged[name, key] += amount
    return charged


def _charged_in_currency(books: Books, day: date) -> dict[Key, Decimal]:
    """Sum what the lines of each invoice charge up to a day, by currency."""
    charged: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for each in books.postings:
        origin = each.origin
        if each.day <= day and origin.kind == "invoice" and not each.is_void:
            charged[tenant(origin.hospital), origin.key, origin.currency] += each.on("receivable")
    return charged


def _status(amounts: dict[str, Decimal], is_void: bool) -> str:
    if is_void:
        return "voided"
    still = amounts["open_amount"]
    if still <= 0:
        return "overpaid" if still else "settled"
    return "partly_paid" if still < amounts["billed_amount"] else "unpaid"


def ar_roll_forward(books: Books, day: date) -> Cells:
    """Walk from what was open before the month to what is open at the end of the day (A11)."""
    month = day.replace(day=1)
    sums: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for each in books.postings:
        if each.day <= day and (moved := each.on("receivable")):
            place = (tenant(each.origin.hospital), each.share, each.origin.currency)
            sums[place]["opening" if each.day < month else _cause(each)] += moved
    found: Cells = {}
    for place, moved in sums.items():
        found[place] = {f"{name}_amount": moved[name] for name in ("opening", *CAUSES)} | {
            "transferred_amount": ZERO,
            "other_amount": ZERO,
            "closing_amount": sum(moved.values(), ZERO),
        }
        for name in ("credited", "applied", "adjusted", "written_off"):
            found[place][f"{name}_amount"] *= -1
    return {place: cells for place, cells in found.items() if any(cells.values())}


def _cause(each: Posting) -> str:
    """Say what a posting did to the receivable: told by its document and the other account."""
    other = each.credit if each.debit == "receivable" else each.debit
    if each.origin.kind == "invoice":
        return "billed"
    if each.origin.kind in ("credit_note", "credit_note_allocation") or each.origin.uses_credit:
        return "credited"
    if other == "write_offs":
        return "written_off"
    if other in ("contractual_adjustments", "charity_care"):
        return "adjusted"
    is_given_back = each.origin.kind == "refund" or each.origin.wallet_type == "refund"
    is_applied = other in ("unapplied_credit", "credit_transfer")
    return "refunded" if is_given_back and not is_applied else "applied"


def ar_aging_breakdown(books: Books, day: date) -> Cells:
    """Sum what is open by what it is for, and by days past due and since the invoice (A4, A5)."""
    found: Cells = defaultdict(
        lambda: {
            "gross_amount": ZERO,
            "gross_by_invoice_date_amount": ZERO,
            "open_invoice_count": set(),
        }
    )
    for (name, kind, key, share, currency), cells, due, part in aged_parts(books, day):
        department, point = _header(books, name, key if kind == "invoice" else None)
        payer = cells["debtor_id"] if share == "payer" else 0
        place = (name, department, payer, point, share, currency)
        by_due = found[*place, bucket((day - due).days)]
        by_due["gross_amount"] += part
        by_due["open_invoice_count"].add((kind, key))
        since = (day - cells["invoice_date"]).days
        found[*place, bucket(since)]["gross_by_invoice_date_amount"] += part
    for cells in found.values():
        cells["open_invoice_count"] = len(cells["open_invoice_count"])
    return dict(found)


def _header(books: Books, name: str, key: int | None) -> tuple[int, str]:
    """Give the department and the revenue point of an invoice as a whole."""
    hospital = next(each for each in books.hospitals.values() if tenant(each) == name)
    of = {"hospital_id": hospital.key}
    invoice = books.issued(key, of)
    if invoice is None:
        return 0, "unattributed"
    department = books.find("departments", invoice["department_id"], of)
    point, _ = revenue_point(invoice["source_app"], None, department, None)
    return invoice["department_id"] or 0, point


def dues_by_patient(books: Books, day: date) -> Cells:
    """Sum what each patient owes, what of it is overdue, and the patient's credit (A3)."""
    parts: dict[Key, list[tuple[Any, ...]]] = defaultdict(list)
    for (name, kind, key, share, currency), cells, due, part in aged_parts(books, day):
        if share == "patient":
            place = (name, cells["debtor_id"], currency)
            parts[place].append(((kind, key), cells["invoice_date"], due, part))
    credit = {
        (name, debtor, currency): cells["unapplied_credit_amount"]
        for (name, share, debtor, currency), cells in unapplied_credits(books, day).items()
        if share == "patient" and cells["unapplied_credit_amount"]
    }
    found: Cells = {}
    for place in parts.keys() | credit.keys():
        owed = [each for each in parts[place] if each[3] > 0]
        gross = sum((each[3] for each in parts[place]), ZERO)
        first_due = min((due for _, _, due, _ in owed), default=None)
        found[place] = {
            "gross_amount": gross,
            "overdue_amount": sum((part for _, _, due, part in parts[place] if due < day), ZERO),
            "unapplied_credit_amount": credit.get(place, ZERO),
            "net_amount": gross - credit.get(place, ZERO),
            "owed_document_count": len({document for document, _, _, _ in owed}),
            "days_past_due": None if first_due is None else max((day - first_due).days, 0),
            "oldest_invoice_date": min((issued for _, issued, _, _ in owed), default=None),
            "oldest_due_date": first_due,
        }
    return found


def credit_balances(books: Books, day: date) -> Cells:
    """Give overpaid documents and unapplied credit (A3)."""
    found: Cells = {}
    for (name, kind, key, share, currency), cells in open_receivables(books, day).items():
        if cells["outstanding_amount"] < 0:
            place = (name, "overpaid_document", kind, key, share, cells["debtor_id"], currency)
            found[place] = {
                "credit_amount": -cells["outstanding_amount"],
                "credit_base_amount": -cells["outstanding_base_amount"],
            }
    for (name, share, debtor, currency), cells in unapplied_credits(books, day).items():
        place = (name, "unapplied_credit", "none", 0, share, debtor, currency)
        found[place] = {
            "credit_amount": cells["unapplied_credit_amount"],
            "credit_base_amount": cells["unapplied_credit_base_amount"],
        }
    return found


def revenue_cycle_kpis(books: Books, day: date) -> Cells:
    """Divide what the revenue cycle did in 90 days, and what is open after them (K)."""
    first = day - timedelta(days=89)
    sums: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for (name, *_, currency), _, due, part in aged_parts(books, day):
        sums[name, currency]["open"] += part
        sums[name, currency]["old"] += part if (day - due).days > 90 else ZERO
    for (name, _, _, currency), cells in unapplied_credits(books, day).items():
        sums[name, currency]["credit"] += cells["unapplied_credit_amount"]
    for (name, then, currency), cells in by_day(books).items():
        if first <= then <= day:
            for column, amount in cells.items():
                sums[name, currency][column] += amount
        elif first - timedelta(days=90) <= then < first:
            sums[name, currency]["before"] += cells["net_revenue_amount"]
    for each in books.postings:
        if first <= each.day <= day and each.share == "patient":
            place = (tenant(each.origin.hospital), each.origin.currency)
            sums[place]["cash"] += each.on("cash")
    for row in books.tables["invoices"]:
        if books.issued(row["id"], row) and first <= books.day(row, "issued_at") <= day:
            name = tenant(books.hospitals[row["hospital_id"]])
            sums[name, row["currency_code"]]["invoices"] += 1
    for (name, _), cells in write_offs(books).items():
        if cells["is_posted"] and cells["category"] in ("bad_debt", "uncollectible"):
            for sign, then in ((1, cells["business_date"]), (-1, cells["reversal_date"])):
                if then is not None and first <= then <= day:
                    sums[name, cells["currency_code"]]["bad_debt"] += sign * cells["amount"]
    for (name, _), claim in sent_claims(books).items():
        if first <= claim["submission_date"] <= day:
            decided = claim["decision_date"]
            denied = claim["denied_amount"] if decided and decided <= day else ZERO
            claimed = sums[name, claim["currency_code"]]
            claimed["sent"] += claim["claimed_amount"]
            claimed["claims"] += 1
            claimed["denied"] += denied
            claimed["denials"] += denied > 0
    for (name, currency), amount in _unbilled(books, day):
        sums[name, currency]["unbilled"] += amount
    paid = {
        tenant(each.origin.hospital)
        for each in books.postings
        if each.share == "patient" and "cash" in (each.debit, each.credit)
    }
    discharging = {
        tenant(books.hospitals[invoice["hospital_id"]])
        for invoice in books.tables["invoices"]
        if invoice["hospital_id"] in books.hospitals and _left_at(books, invoice)
    }
    found: Cells = {}
    began, last = first_days(books), last_days(books)
    for (name, currency), each in sums.items():
        charged, adjusted = each["gross_charge_amount"], each["contractual_adjustment_amount"]
        revenue, collected = each["net_revenue_amount"], each["collection_amount"]
        for code, part, whole, factor in (
            ("net_days_in_receivables", each["open"] - each["credit"], revenue, 90),
            ("net_collection_rate", collected - each["refund_amount"], charged - adjusted, 100),
            ("gross_collection_rate", collected, charged, 100),
            ("receivables_over_90_days", each["old"], each["open"], 100),
            ("patient_cash_rate", each["cash"], revenue, 100),
            ("bad_debt_rate", each["bad_debt"], charged, 100),
            ("charity_care_rate", each["charity_care_amount"], charged, 100),
            ("average_transaction", revenue, each["invoices"], 1),
            ("denial_rate", each["denied"], each["sent"], 100),
            ("denial_rate_by_count", each["denials"], each["claims"], 100),
            ("net_revenue_growth", revenue - each["before"], each["before"], 100),
            ("discharged_not_billed_days", each["unbilled"], charged, 90),
        ):
            found[name, code, currency] = {
                "numerator": part,
                "denominator": whole,
                "kpi_value": rate(part * factor / 100, whole),
            }
        for code, known in (
            ("patient_cash_rate", paid),
            ("discharged_not_billed_days", discharging),
        ):
            if name not in known:
                found[name, code, currency] |= {"numerator": None, "kpi_value": None}
        if first - timedelta(days=90) < began[name] or day > last[name]:
            found[name, "net_revenue_growth", currency]["kpi_value"] = None
    return {key: cells for key, cells in found.items() if _is_told(found, key)}


def _unbilled(books: Books, day: date) -> Iterator[tuple[Key, Decimal]]:
    """Give what each line charges whose patient has left by a day that has no invoice yet."""
    for line in books.tables["invoice_items"]:
        invoice = books.find("invoices", line["invoice_id"], line)
        if (
            invoice is None
            or not books.is_good(invoice)
            or line["discount_amount"] > line["quantity"] * line["unit_price"]
        ):
            continue
        left = _left_at(books, invoice)
        is_issued = invoice["status"] != "draft" and books.day(invoice, "issued_at") <= day
        if left is not None and left <= day and not is_issued:
            name = tenant(books.hospitals[invoice["hospital_id"]])
            charge = rounded(line["quantity"] * line["unit_price"], invoice["currency_code"])
            yield (name, invoice["currency_code"]), charge


def _left_at(books: Books, invoice: Row) -> date | None:
    """Give the day on which the patient of an invoice left, if so."""
    visit = books.find("visits", invoice["visit_id"], invoice)
    if visit is None or visit["status"] != "completed" or visit["exited_at"] is None:
        return None
    return books.day(visit, "exited_at")


def _is_told(found: Cells, key: Key) -> bool:
    """A currency has key figures where anything of it was open or moved."""
    name, _, currency = key
    return any(
        cells["numerator"] or cells["denominator"]
        for (other, _, unit), cells in found.items()
        if (other, unit) == (name, currency)
    )


def collection_cohorts(books: Books) -> Cells:
    """Follow the invoices of each month: what was collected on them by each month after (K)."""
    sums: dict[Key, dict[date, dict[str, Decimal]]] = {}
    last = {name: day.replace(day=1) for name, day in last_days(books).items()}
    for each in books.postings:
        invoice = books.issued(each.origin.invoice, {"hospital_id": each.origin.hospital.key})
        if invoice is None or not each.on("receivable"):
            continue
        name = tenant(each.origin.hospital)
        place = (name, books.day(invoice, "issued_at").replace(day=1), invoice["currency_code"])
        cause = {"billed": "billed", "applied": "collected", "refunded": "collected"}.get(
            _cause(each), "adjusted"
        )
        months = sums.setdefault(place, {})
        moved = months.setdefault(each.day.replace(day=1), dict.fromkeys(
            ("billed", "collected", "adjusted"), ZERO
        ))  # fmt: skip
        moved[cause] += each.on("receivable") * (1 if cause == "billed" else -1)
    found: Cells = {}
    for (name, first, currency), months in sums.items():
        billed = collected = adjusted = ZERO
        month, number = first, 0
        while month <= max(last[name], *months):
            moved = months.get(month, dict.fromkeys(("billed", "collected", "adjusted"), ZERO))
            billed += moved["billed"]
            collected += moved["collected"]
            adjusted += moved["adjusted"]
            found[name, first, number, currency] = {
                "billed_amount": billed,
                "adjusted_amount": adjusted,
                "month_collected_amount": moved["collected"],
                "collected_amount": collected,
                "open_amount": billed - adjusted - collected,
                "collected_percent": rate(collected, billed),
                "until_month_start_date": month,
            }
            month, number = (month + timedelta(days=31)).replace(day=1), number + 1
    return found
