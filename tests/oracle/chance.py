"""Edits drawn by chance: which, where, and with what values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
from hypothesis import strategies
from psycopg import errors

from tests.oracle.edits import DELETIONS, EDITS, GRAVE_EDITS, HOSPITAL_EDITS, STATEMENTS

PLACES, HOSPITALS = 2, 3
LATER = (timedelta(), timedelta(hours=2), timedelta(days=1), timedelta(days=40))
AMOUNTS = ("0.001", "0.5", "1", "9.995", "10.005", "333.333", "1000", "75000")
CURRENCIES = ("USD", "XAF", "JPY", "KWD", "EUR", "XXQ")
METHODS = ("cash", "card", "wallet", "insurance", "transfer")
CATEGORIES = ("bad_debt", "charity_care", "contractual_adjustment", "recovery", "small_balance")
APPS = ("pharmacy", "Inpatient", "opd", "kiosk", "anc")
DEPARTMENTS = (" Labour Ward", "ICU", "General medicine", "pharmacy")
KINDS = ("test", "procedure", "product", "bed")
WALLET_TYPES = ("payment", "consultation_fee", "refund", "top_up", "withdrawal")

# the change to winter time in London, midnights and cutoffs of the hospitals, and any time
EDGES = tuple(
    datetime(2026, 10, day, hour, tzinfo=UTC) + timedelta(minutes=minutes, microseconds=part)
    for day, hour, minutes in (
        (25, 0, 0), (25, 1, 0), (25, 4, 0), (30, 5, 0), (31, 4, 0), (31, 23, 0), (15, 18, 15),
        (20, 2, 30),
    )
    for part in (-1, 0)
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Edit:
    """One statement, where it strikes, and the values it may use."""

    name: str
    hospital: int
    place: int
    other_place: int
    instant: datetime
    later: timedelta
    amount: Decimal
    tax: Decimal
    part: Decimal
    rate: Decimal
    currency: str
    method: str
    category: str
    wallet_type: str
    share: str
    app: str
    department: str
    kind: str

    def __repr__(self) -> str:
        """Show the values that the statement uses."""
        used = {
            name: value
            for name, value in asdict(self).items()
            if f"%({name})s" in STATEMENTS[self.name]
        }
        return f"Edit({self.name!r}, {', '.join(f'{name}={used[name]}' for name in used)})"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr(self))

    def apply(self, connection: psycopg.Connection[Any], salt: int) -> bool:
        """Do it, and tell whether it changed anything; what the database refuses does not."""
        try:
            with connection.transaction():
                values = {**asdict(self), "salt": salt}
                return connection.execute(STATEMENTS[self.name].encode(), values).rowcount > 0
        except errors.IntegrityError:
            return False


def _instants() -> strategies.SearchStrategy[datetime]:
    return strategies.sampled_from(EDGES) | strategies.datetimes(
        datetime(2026, 8, 25), datetime(2026, 12, 5), timezones=strategies.just(UTC)
    )


def batches() -> strategies.SearchStrategy[list[Edit]]:
    """Draw what happens between two builds: much money, few deletions, a hospital at most."""
    money = [name for name in EDITS if name.startswith(("invoice", "credit note", "refund"))]
    many = strategies.lists(
        _edits([*EDITS, *EDITS, *money, *money, *DELETIONS]), min_size=60, max_size=110
    )
    few = strategies.lists(_edits([*HOSPITAL_EDITS, *GRAVE_EDITS]), max_size=1)
    return strategies.tuples(few, many).map(lambda drawn: drawn[0] + drawn[1])


def _edits(names: Sequence[str]) -> strategies.SearchStrategy[Edit]:
    chosen = strategies.sampled_from
    return strategies.builds(
        Edit,
        name=chosen(names),
        hospital=strategies.integers(1, HOSPITALS),
        place=strategies.integers(0, PLACES),
        other_place=strategies.integers(0, PLACES),
        instant=_instants(),
        later=chosen(LATER),
        amount=chosen(AMOUNTS).map(Decimal),
        tax=chosen(("0", "0.005", "7", "19.25")).map(Decimal),
        part=chosen(("0.3", "0.5", "1")).map(Decimal),
        rate=chosen(("1", "655.957", "0.00152449", "0")).map(Decimal),
        currency=chosen(CURRENCIES),
        method=chosen(METHODS),
        category=chosen(CATEGORIES),
        wallet_type=chosen(WALLET_TYPES),
        share=chosen(("patient", "payer")),
        app=chosen(APPS),
        department=chosen(DEPARTMENTS),
        kind=chosen(KINDS),
    ).map(_spare_the_first_hospitals)


def _spare_the_first_hospitals(edit: Edit) -> Edit:
    is_grave = edit.name in GRAVE_EDITS
    return Edit(**{**asdict(edit), "hospital": HOSPITALS}) if is_grave else edit


def one_of_each(seed: int) -> list[list[Edit]]:
    """Make an edit of every kind in two batches, in an order and with values from a seed."""
    chance = Random(seed)
    names = list(STATEMENTS)
    chance.shuffle(names)
    names.sort(key=lambda name: name == "hospital deleted")  # the others need it
    found = [
        _spare_the_first_hospitals(
            Edit(
                name=name,
                hospital=chance.randint(1, HOSPITALS - 1),
                place=chance.randint(0, PLACES),
                other_place=chance.randint(0, PLACES),
                instant=chance.choice(EDGES),
                later=chance.choice(LATER),
                amount=Decimal(chance.choice(AMOUNTS)),
                tax=Decimal("19.25"),
                part=Decimal("0.5"),
                rate=Decimal("655.957"),
                currency=chance.choice(CURRENCIES),
                method=chance.choice(METHODS),
                category=chance.choice(CATEGORIES),
                wallet_type=chance.choice(WALLET_TYPES),
                share=chance.choice(("patient", "payer")),
                app=chance.choice(APPS),
                department=chance.choice(DEPARTMENTS),
                kind=chance.choice(KINDS),
            )
        )
        for name in names
    ]
    half = len(found) // 2
    return [found[:half], found[half:]]
