"""Whatever happens after tenants closed their months: the marts equal the oracle, cell by cell.

`ALMONER_FUZZ_EXAMPLES=100` tries so many histories with every mart, other ones at every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings, strategies

from runner import landing_only, policies, releases
from runner.periods import Step
from tests.acceptance.conftest import END, Installation
from tests.acceptance.test_marts_equal_the_oracle import (
    ASKED,
    COUNTS,
    DATED,
    EVERY_EDIT,
    PERIODS,
    Reader,
    Rehearsal,
    differences,
    used_buckets,
)
from tests.conftest import Databases
from tests.oracle import receivables, reports, revenue
from tests.oracle.chance import Edit, batches
from tests.oracle.closings import Fact, History, fact
from tests.oracle.edits import GRAVE_EDITS
from tests.oracle.journal import Books
from tests.oracle.records import read_tables
from tests.oracle.reports import Cells, Key

pytestmark = pytest.mark.acceptance

TENANTS = ("demo_1", "demo_2", "demo_3")
AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (8, 9, 10))
ALL = date.min
DAYS = (date(2026, 9, 30), END, date(2027, 1, 31)) if ASKED else (date(2026, 9, 30), END)
RESTATE, CARRY_FORWARD = policies.LATE_CHANGES
SHORTLY = {
    reports.dept_revenue_daily, revenue.refunds_summary, revenue.collections_daily,
    reports.trial_balance, reports.ar_aging, receivables.bill_status_summary,
}  # fmt: skip
FIGURE = (
    "month_start_date", "figure", "department_id", "revenue_point_code", "currency_code",
)  # fmt: skip
CHANGED = (
    "closing_id", "document_type", "document_id", "line_id", "event_type", "share",
    "is_reversal", "carried_to", "is_added",
)  # fmt: skip
SAID = tuple(name for name in Fact._fields if name not in ("tenant_id", "wallet_type"))


@dataclass(frozen=True)
class Night:
    """What tenants open and close, by the policy that they have then, and what is edited then."""

    opened: dict[str, date] = field(default_factory=dict)
    closed: dict[str, tuple[date, str]] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)


def _not_grave(edits: Iterable[Edit]) -> list[Edit]:
    return [edit for edit in edits if edit.name not in GRAVE_EDITS]


# in the suite: both policies, a second month, and one that opens again
HISTORY = [
    Night(
        closed={
            "demo_1": (SEPTEMBER, RESTATE), "demo_2": (SEPTEMBER, CARRY_FORWARD),
            "demo_3": (SEPTEMBER, CARRY_FORWARD),
        },
        edits=_not_grave(EVERY_EDIT[0]),
    ),
    Night(
        opened={"demo_3": ALL},
        closed={"demo_1": (OCTOBER, RESTATE), "demo_2": (OCTOBER, CARRY_FORWARD)},
        edits=_not_grave(EVERY_EDIT[1]),
    ),
]  # fmt: skip


class Play:
    """A history that happens to an installation and, beside it, to the oracle."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._history = History()
        self._publish()

    def play(self, night: Night, salt: int) -> None:
        """Open, close, edit, build, and compare."""
        for name, month in night.opened.items():
            self._reopen(name, month)
        for name, (month, late_changes) in night.closed.items():
            if name not in night.opened:  # that has to be built first
                self._close(name, month, late_changes)
        with psycopg.connect(self._installation.source) as connection:
            for edit in night.edits:
                edit.apply(connection, salt)
        assert self._installation.build(accept_deletions=True).failures == []
        told = list(self._differences(self._publish()))
        assert not told, "\n".join(told)

    def _reopen(self, name: str, month: date) -> None:
        mine = self._history.closings[name]
        if any(month == ALL or each.has(month) for each in mine):
            step = Step(name, month, "cfo", "an invoice was forgotten")
            landing_only.reopen_period(self._installation.target, step)
            self._history.reopen(name, month)

    def _close(self, name: str, month: date, late_changes: str) -> None:
        mine = self._history.closings[name]
        if any(each.has(month) for each in mine):
            return
        policy = mine[0].late_changes if mine else late_changes
        with self._installation.connect() as connection:
            policies.keep_late_changes(connection, name, policy)
        step = Step(name, month, "cfo", "signed")
        release = landing_only.close_period(self._installation.target, step)
        self._history.close(name, month, policy, release)

    def _publish(self) -> Books:
        with self._installation.connect() as connection:
            newest = releases.last_published(connection)
        assert newest is not None
        return self._history.publish(newest, Books(read_tables(self._installation.source)))

    def _differences(self, books: Books) -> Iterator[str]:
        with Reader(self._installation) as reader:
            assert reader.tenants == list(TENANTS)
            yield from differences("transaction_detail", *_journals(books, reader))
            yield from differences("restated_postings", *self._changes(reader))
            told = reader.rows("restatements", FIGURE)
            yield from differences("restatements", self._history.restatements(), told)
            for summary, key in (COUNTS | PERIODS).items():
                if ASKED or summary in SHORTLY:
                    found = reader.rows(summary.__name__, key)
                    yield from differences(summary.__name__, summary(books), found)
            for report, key in DATED.items():
                days = DAYS if ASKED or report in SHORTLY else ()
                for day, rows in reader.dated(report.__name__, key, days).items():
                    found = used_buckets(rows)
                    yield from differences(f"{report.__name__} {day}", report(books, day), found)

    def _changes(self, reader: Reader) -> tuple[Cells, Cells]:
        """Give what left closed months and came to them: the oracle's, and the mart's."""
        expected: Counter[Key] = Counter(
            (
                each.said._replace(wallet_type=None), each.posting.carried_to,
                each.closing.release, each.is_added, each.changed_in,
            )
            for each in self._history.changes()
        )  # fmt: skip
        found: Counter[Key] = Counter(
            (
                Fact(*(row.get(name) for name in Fact._fields)), row["carried_to"],
                row["closed_in"], row["is_added"], row["changed_in"],
            )
            for row in reader.rows("restated_postings", CHANGED).values()
        )  # fmt: skip
        return _counted(expected), _counted(found)


def _journals(books: Books, reader: Reader) -> tuple[Cells, Cells]:
    """Give each posting with all that it says: the oracle's, and the mart's."""
    expected: Counter[Key] = Counter(
        (*fact(each)[:-1], each.point[1], each.carried_to, each.carried_from)
        for each in books.postings
    )
    found: Counter[Key] = Counter()
    columns = (*SAID, "revenue_point_rule", "carried_to", "carried_from")
    for key, cells in reader.postings(columns).items():
        *said, carried_to, carried_from = key
        if carried_from == key[columns.index("business_date") + 1]:  # it stands where it would
            carried_to, carried_from = 0, None
        found[(*said, carried_to, carried_from)] += cells["posting_count"]
    return _counted(expected), _counted(found)


def _counted(found: Counter[Key]) -> Cells:
    return {key: {"count": count} for key, count in found.items()}


def _nights() -> strategies.SearchStrategy[list[Night]]:
    names, chosen = strategies.sampled_from(TENANTS), strategies.sampled_from
    months = chosen((AUGUST, SEPTEMBER, SEPTEMBER, OCTOBER, OCTOBER))
    late_changes = chosen((RESTATE, CARRY_FORWARD, CARRY_FORWARD))
    night = strategies.builds(
        Night,
        strategies.dictionaries(names, months | strategies.just(ALL), max_size=1),
        strategies.dictionaries(names, strategies.tuples(months, late_changes), min_size=1),
        batches().map(_not_grave),
    )
    return strategies.lists(night, min_size=2, max_size=4)


def test_closed_months(demo: Installation, databases: Databases) -> None:
    rehearsal = Rehearsal(demo, databases)

    @settings(
        max_examples=ASKED or 1,
        derandomize=not ASKED,
        deadline=None,
        print_blob=True,
        # in the suite the example alone, which makes every edit; shrinking would build for hours
        phases=(Phase.explicit, Phase.generate) if ASKED else (Phase.explicit,),
        suppress_health_check=list(HealthCheck),
    )
    @given(nights=_nights(), salt=strategies.integers(0, 2**31))
    @example(nights=HISTORY, salt=0)
    def equal(nights: list[Night], salt: int) -> None:
        rehearsal.begin()
        play = Play(rehearsal.installation)
        for night in nights:
            play.play(night, salt)
        if ASKED:  # a full build finds nothing else
            assert rehearsal.installation.recomputed() == []

    equal()
