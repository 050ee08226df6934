"""What the marts of claims should say, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.journal import Books
from tests.oracle.postings import ZERO
from tests.oracle.records import EXPONENTS, Row, rounded
from tests.oracle.reports import Cells, Key, tenant
from tests.oracle.revenue import rate


def claims_pipeline(books: Books, day: date) -> Cells:
    """Sum claims sent by the day by payer, state and currency; a later decision does not count."""
    found: Cells = {}
    for (name, _), claim in sent_claims(books).items():
        if claim["submission_date"] > day:
            continue
        decided = claim["decision_date"]
        is_decided = decided is not None and decided <= day
        state = claim["status"] if is_decided else "in_process"
        age = ((decided if is_decided else day) - claim["submission_date"]).days
        place = (name, claim["payer_id"], state, claim["currency_code"])
        cells = found.setdefault(place, defaultdict(int, oldest_age_days=age))
        cells["claimed_amount"] += claim["claimed_amount"]
        for column in ("approved_amount", "denied_amount", "paid_amount"):
            cells[column] += claim[column] if is_decided else ZERO
        cells["awaited_amount"] = cells["approved_amount"] - cells["paid_amount"]
        cells["claim_count"] += 1
        cells["age_days"] += age
        cells["oldest_age_days"] = max(age, cells["oldest_age_days"])
        for limit in (30, 60, 90):
            cells[f"over_{limit}_days_count"] += age > limit
    for cells in found.values():
        average = Decimal(cells["age_days"]) / cells["claim_count"]
        cells["average_age_days"] = average.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return found


def denials(books: Books) -> Cells:
    """List claims that were denied, as a whole or in part."""
    return {
        place: {
            "payer_id": claim["payer_id"],
            "status": claim["status"],
            "denial_reason": claim["denial_reason"],
            "denied_amount": claim["denied_amount"],
            "is_denied_as_a_whole": claim["status"] == "denied",
            "days_to_decision": (claim["decision_date"] - claim["submission_date"]).days,
            "business_date": claim["decision_date"],
        }
        for place, claim in sent_claims(books).items()
        if claim["denied_amount"]
    }


def denial_rates(books: Books) -> Cells:
    """Divide what was denied by what was sent, by month, payer and currency (K)."""
    found: Cells = {}
    for (name, _), claim in sent_claims(books).items():
        month = claim["submission_date"].replace(day=1)
        cells = found.setdefault(
            (name, month, claim["payer_id"], claim["currency_code"]), defaultdict(int)
        )
        is_decided = claim["decision_date"] is not None
        cells["denied_amount"] += claim["denied_amount"]
        cells["submitted_amount"] += claim["claimed_amount"]
        cells["decided_amount"] += claim["claimed_amount"] if is_decided else ZERO
        cells["denied_count"] += claim["denied_amount"] > 0
        cells["submitted_count"] += 1
        cells["decided_count"] += is_decided
        cells["denied_as_a_whole_count"] += claim["status"] == "denied"
    for cells in found.values():
        sent, denied = cells["submitted_count"], cells["denied_count"]
        cells["amount_denial_percent"] = rate(cells["denied_amount"], cells["submitted_amount"])
        cells["count_denial_percent"] = rate(Decimal(denied), Decimal(sent))
    return found


def sent_claims(books: Books) -> dict[Key, Row]:
    """Give the good claims that were sent, dated, with what their decision made of them."""
    found: dict[Key, Row] = {}
    amounts = ("claimed_amount", "approved_amount", "denied_amount", "paid_amount")
    for row in books.tables["insurance_claims"]:
        hospital = books.hospitals.get(row["hospital_id"])
        if (
            hospital is None
            or row["currency_code"] not in EXPONENTS
            or row["status"] == "draft"
            or (
                row["invoice_id"] is not None
                and books.find("invoices", row["invoice_id"], row) is None
            )
        ):
            continue
        claim = row | {name: rounded(row[name], row["currency_code"]) for name in amounts}
        claim["payer_id"] = row["payer_id"] or 0
        claim["submission_date"] = books.day(row, "submitted_at")
        claim["decision_date"] = None
        if row["status"] == "submitted":
            claim |= dict.fromkeys(amounts[1:], ZERO)
        else:
            claim["decision_date"] = books.day(row, "decided_at")
            if row["status"] == "denied" and not claim["denied_amount"]:
                claim["denied_amount"] = claim["claimed_amount"]
        found[tenant(hospital), row["id"]] = claim
    return found
