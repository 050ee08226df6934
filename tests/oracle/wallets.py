"""What the marts of wallets should say, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.journal import Books
from tests.oracle.postings import ZERO, Posting
from tests.oracle.reports import Cells, Key, tenant

KINDS = ("top_up", "refund", "use", "unbilled_use", "withdrawal")


def wallet_liability(books: Books, day: date) -> Cells:
    """Follow what is owed to wallets by patient and currency: before the month, in it, after."""
    moved: dict[Key, list[Posting]] = defaultdict(list)
    for each in books.postings:
        if each.day <= day and each.on("wallet_liability"):
            origin = each.origin
            moved[tenant(origin.hospital), origin.patient or 0, origin.currency].append(each)
    month = day.replace(day=1)
    found: Cells = {}
    for key, postings in moved.items():
        earlier = [each for each in postings if each.day < month]
        cells: dict[str, Any] = {
            "opening_amount": _owed(earlier),
            **dict.fromkeys((f"{kind}_amount" for kind in KINDS), ZERO),
            "other_amount": ZERO,
            "closing_amount": _owed(postings),
            "closing_base_amount": _owed_in_base(postings),
            "last_movement_date": max(each.day for each in postings),
        }
        cells["is_overdrawn"] = cells["closing_amount"] < 0
        for each in postings:
            if each.day >= month:
                kind = _kind(each)
                sign = -1 if kind in ("top_up", "refund") else 1
                cells[f"{kind}_amount"] += sign * each.on("wallet_liability")
        if cells["closing_amount"] or cells["closing_base_amount"] or len(earlier) < len(postings):
            found[key] = cells
    return found


def _owed(postings: list[Posting]) -> Decimal:
    return -sum((each.on("wallet_liability") for each in postings), ZERO)


def _owed_in_base(postings: list[Posting]) -> Decimal:
    return sum(
        (
            each.base_amount if each.credit == "wallet_liability" else -each.base_amount
            for each in postings
        ),
        ZERO,
    )


def _kind(posting: Posting) -> str:
    if "unbilled_wallet_use" in (posting.debit, posting.credit):
        return "unbilled_use"
    if posting.origin.kind == "refund":
        return "refund"
    if posting.origin.kind == "wallet_transaction" and posting.origin.wallet_type is None:
        return "top_up"  # beside its payment
    return posting.origin.wallet_type if posting.origin.wallet_type in KINDS else "use"


def unbilled_wallet_use(books: Books) -> Cells:
    """List what was used of wallets without an invoice (V6).

    What a closed period withdraws is less of it (T2).
    """
    uses: dict[Key, list[Posting]] = defaultdict(list)
    for each in books.postings:
        if "unbilled_wallet_use" in (each.debit, each.credit):
            uses[tenant(each.origin.hospital), each.origin.key, each.origin.patient].append(each)
    found: Cells = {}
    for (name, key, patient), postings in uses.items():
        taken = [each for each in postings if not each.is_void]
        given_back = [each for each in postings if each.is_void]
        if not sum(each.counts * each.amount for each in taken):
            continue
        is_reversed = sum(each.counts * each.amount for each in given_back) != 0
        found[name, key] = {
            "is_reversed": is_reversed,
            "reversal_date": max(each.day for each in given_back) if is_reversed else None,
            "patient_id": patient,
            "wallet_type": taken[0].origin.wallet_type,
            "currency_code": taken[0].origin.currency,
            "amount": sum(each.counts * each.amount for each in taken),
            "base_amount": sum(each.counts * each.base_amount for each in taken),
            "business_date": min(each.day for each in taken),
        }
    return found
