"""Months that tenants closed: what stays as it was signed, and what later changes become (T2).

No SQL and no keys: what was signed and what the rows say now are two bags of statements, and
what is in one and not in the other was withdrawn or added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from tests.oracle import revenue
from tests.oracle.journal import Books
from tests.oracle.postings import ZERO, Posting
from tests.oracle.reports import Cells, Key, tenant

LIABLE = ("unapplied_credit", "wallet_liability", "tax_payable", "revenue")
MEASURES = {
    "net_revenue": "net_revenue_amount",
    "collections": "collection_amount",
    "refunds": "refund_amount",
}


class Fact(NamedTuple):
    """What a posting says, as somebody who signs it reads it."""

    tenant_id: str
    document_type: str
    document_id: int
    line_id: int
    share: str
    debit_account: str
    credit_account: str
    invoice_id: int | None
    department_id: int | None
    practitioner_id: int | None
    payer_id: int | None
    patient_id: int | None
    service_id: int | None
    product_id: int | None
    service_category: str | None
    patient_type: str | None
    tax_code: str | None
    tax_rate: Any
    payment_method: str | None
    revenue_point_code: str
    currency_code: str
    amount: Any
    base_amount: Any
    is_reversal: bool
    business_date: date
    wallet_type: str | None


def fact(posting: Posting) -> Fact:
    """Say what a posting says."""
    origin, item = posting.origin, posting.origin.item
    is_product = item is not None and item.category == "product"
    return Fact(
        tenant(origin.hospital), origin.kind, origin.key, origin.line, posting.share,
        posting.debit, posting.credit, origin.invoice, origin.department, origin.practitioner,
        origin.payer, origin.patient, item.key if item and not is_product else None,
        item.key if item and is_product else None, item.category if item else None,
        item.patient_type if item else None, item.tax_code if item else None,
        item.tax_rate if item else None, origin.method, posting.point[0], origin.currency,
        posting.amount, posting.base_amount, posting.is_reversal, posting.day,
        origin.wallet_type,
    )  # fmt: skip


@dataclass(frozen=True)
class Closing:
    """The days from `first` on, or from the beginning, that were signed as a release had them."""

    first: date | None
    after: date
    late_changes: str
    release: int

    def has(self, day: date) -> bool:
        """Tell whether a day is one that was closed."""
        return (self.first is None or self.first <= day) and day < self.after


class Change(NamedTuple):
    """A statement of a closed month that a release after it took away or added."""

    closing: Closing
    said: Fact
    posting: Posting
    is_added: bool
    changed_in: int


@dataclass
class History:
    """Releases of a hospital group, and what its tenants closed between them."""

    closings: dict[str, list[Closing]] = field(default_factory=lambda: defaultdict(list))
    _journals: dict[int, dict[str, list[Posting]]] = field(default_factory=dict)

    def close(self, name: str, month: date, late_changes: str, release: int) -> None:
        """Close a month, and what is open before it, as a release has it."""
        mine = self.closings[name]
        first = mine[-1].after if mine else None
        mine.append(Closing(first, next_month(month), late_changes, release))

    def reopen(self, name: str, month: date) -> None:
        """Open a month and those after it."""
        self.closings[name] = [
            replace(each, after=min(each.after, month))
            for each in self.closings[name]
            if (each.first or date.min) < month and month > date.min
        ]

    def publish(self, release: int, books: Books) -> Books:
        """Make a release of what the rows say now; give the books as they stand in it."""
        found: dict[str, list[Posting]] = defaultdict(list)
        for posting in books.postings:
            found[tenant(posting.origin.hospital)].append(posting)
        for name, mine in self.closings.items():
            if any(each.late_changes == "carry-forward" for each in mine):
                found[name] = list(self._carried(name, found[name]))
        self._journals[release] = found
        standing = copy(books)
        standing.postings = [posting for mine in found.values() for posting in mine]
        return standing

    def _signed(self, name: str, closing: Closing) -> list[Posting]:
        return [each for each in self._journals[closing.release][name] if closing.has(each.day)]

    def _carried(self, name: str, now: list[Posting]) -> Iterator[Posting]:
        """Give what was signed, and on the first open day what is said otherwise since."""
        mine = self.closings[name]
        opens = max(each.after for each in mine)
        signed = [posting for closing in mine for posting in self._signed(name, closing)]
        yield from signed
        believed: Counter[Fact] = Counter()
        for each in signed:
            believed[fact(_before(each))] += -1 if each.carried_to < 0 else 1
        assert set(believed.values()) <= {0, 1}
        spoken = {fact(_before(each)): _before(each) for each in signed}
        stated = Counter(fact(each) for each in now)
        assert set(stated.values()) <= {1}
        for said in believed - stated:
            yield _withdrawn(spoken[said], opens)
        for each in now:
            if not believed[fact(each)]:
                yield _carried_to(each, opens) if each.day < opens else each

    def changes(self) -> list[Change]:
        """Give what closed months say in the last release and did not when signed, or did."""
        found = []
        for name, mine in self.closings.items():
            for closing in mine:
                bags = {
                    release: {
                        (fact(each), each.carried_to): each
                        for each in journal[name]
                        if closing.has(each.day)
                    }
                    for release, journal in sorted(self._journals.items())
                    if release >= closing.release
                }
                (_, signed), *later = bags.items()
                now = [*bags.values()][-1]
                for said in signed.keys() - now.keys():
                    gone = next(release for release, bag in later if said not in bag)
                    found.append(Change(closing, said[0], signed[said], False, gone))
                for said in now.keys() - signed.keys():
                    without = [release for release, bag in bags.items() if said not in bag]
                    came = min(release for release in bags if release > without[-1])
                    found.append(Change(closing, said[0], now[said], True, came))
        return found

    def restatements(self) -> Cells:
        """Set the figures of closed months that moved beside what was signed."""
        moved: dict[Key, list[Change]] = defaultdict(list)
        for change in self.changes():
            for place in _places(change.posting):
                moved[place[0], _month(change.posting.day), *place[1:]].append(change)
        found: Cells = {}
        last = max(self._journals)
        for key, changes in moved.items():
            name, month = key[:2]
            (closing,) = {each.closing for each in changes}
            before, after = (
                _figure([
                    each
                    for each in journal[name]
                    if _month(each.day) == month
                    and key in [(place[0], month, *place[1:]) for place in _places(each)]
                ], key[2])
                for journal in (self._journals[closing.release], self._journals[last])
            )  # fmt: skip
            did = [
                release
                for release in {each.changed_in for each in changes}
                if any(_moved([each for each in changes if each.changed_in == release], key[2]))
            ]
            if before != after:
                found[key] = {
                    "before_amount": before[0], "after_amount": after[0],
                    "change_amount": after[0] - before[0], "before_base_amount": before[1],
                    "after_base_amount": after[1], "change_base_amount": after[1] - before[1],
                    "closed_in": closing.release, "first_changed_in": min(did),
                    "last_changed_in": max(did),
                }  # fmt: skip
        return found


def next_month(day: date) -> date:
    """Give the first day of the month after that of a day."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _month(day: date) -> date:
    return day.replace(day=1)


def _before(posting: Posting) -> Posting:
    """Give a posting as it was before it was carried or withdrawn."""
    if not posting.carried_to:
        return posting
    if posting.carried_to < 0:
        posting = _turned(posting)
    return replace(
        posting, day=posting.carried_from or posting.day, carried_to=0, carried_from=None
    )


def _turned(posting: Posting) -> Posting:
    """Turn a posting round: what is withdrawn, be it the void of a charge, charges no line."""
    return replace(posting.swapped(), is_reversal=not posting.is_reversal)


def _carried_to(posting: Posting, opens: date) -> Posting:
    return replace(
        posting, day=opens, carried_to=opens.year * 100 + opens.month, carried_from=posting.day
    )


def _withdrawn(posting: Posting, opens: date) -> Posting:
    carried = _turned(_carried_to(posting, opens))
    return replace(carried, carried_to=-carried.carried_to)


def _places(posting: Posting) -> list[Key]:
    """Name the figures that a posting is part of, with department, point and currency."""
    origin = posting.origin
    place = (origin.department or 0, posting.point[0], origin.currency)
    accounts = {posting.debit, posting.credit} if posting.debit != posting.credit else set()
    return [(tenant(origin.hospital), name, *place) for name in (*MEASURES, *accounts)]


def _figure(postings: Iterable[Posting], name: str) -> tuple[Any, Any]:
    """Sum a figure in the document's currency and in the tenant's."""
    found = list(postings)
    based = [replace(each, amount=each.base_amount) for each in found]
    if name in MEASURES:
        first, second = (
            (revenue.earned(each) | revenue.moved(each))[MEASURES[name]] for each in (found, based)
        )
        return first, second
    sign = -1 if name in LIABLE else 1
    first, second = (
        sign * sum((each.on(name) for each in bag), ZERO) for bag in (found, based)
    )  # fmt: skip
    return first, second


def _moved(changes: list[Change], name: str) -> tuple[Any, Any]:
    """Sum what changes add to a figure."""
    added = _figure((each.posting for each in changes if each.is_added), name)
    gone = _figure((each.posting for each in changes if not each.is_added), name)
    return added[0] - gone[0], added[1] - gone[1]
