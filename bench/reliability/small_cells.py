"""Small counts of people, withheld from random tables: what an attacker makes of the rest."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.reliability.attacker import UNTOLD, WITHHELD, Attacker, Cell
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally

BATCH = 250
RULE = """
select 'almoner.' || quote_ident(proname)
from pg_proc
where pronamespace = 'almoner'::regnamespace and proname like 'withheld\\_cells\\_%'
"""


@dataclass(frozen=True)
class Table:
    """A month of a hospital that nobody has seen: its counts, and the policy it is under."""

    cells: list[Cell]
    minimum: int
    one_visit_each: bool


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Withhold from `size` random tables, and let the attacker narrow what was withheld."""
    return attacked(ground.target, size, seed)


def attacked(dsn: str, size: int, seed: int, *, only_small: bool = False) -> Measured:
    """Attack random tables; with `only_small` nothing else is withheld than small counts."""
    tally = Tally("small cells", "random tables", seed)
    chance = random.Random(seed)
    with psycopg.connect(dsn) as connection:
        name = rule(connection)
        for first in range(0, size, BATCH):
            tables = [random_table(chance) for _ in range(min(BATCH, size - first))]
            for number, table in enumerate(tables, first):
                statuses = withheld(connection, name, table)
                if only_small:
                    statuses = _only_small(table, statuses)
                _judge(tally, number, table, statuses)
    return tally.measured(size)


def rule(connection: psycopg.Connection[Any]) -> str:
    """Name the function that says what is withheld."""
    row = connection.execute(RULE.encode()).fetchone()
    assert row is not None
    return str(row[0])


def random_table(chance: random.Random) -> Table:
    """Let random people come on random days, to departments of very different sizes."""
    one_visit_each = chance.random() < 0.5
    departments = {f"department {n}": chance.random() ** 3 for n in range(chance.randint(1, 6))}
    types = {f"type {n}": chance.random() ** 3 for n in range(chance.randint(1, 4))}
    days = {f"day {n}": chance.random() ** 2 for n in range(chance.randint(1, 9))}
    visits = []
    for person in range(chance.choice((2, 5, 12, 30, 80, 200))):
        for _ in range(1 if one_visit_each else chance.choice((1, 1, 1, 2, 3, 7))):
            drawn = (
                chance.choices(list(names), list(names.values()))[0]
                for names in (departments, types, days)
            )
            visits.append((person, *drawn))
    return Table(counted(visits), chance.randint(3, 8), one_visit_each)


def counted(visits: list[tuple[int, str, str, str]]) -> list[Cell]:
    """Count a month's visits and people: in all, by day, department, type, and the last two."""
    found: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for person, department, kind, day in visits:
        found["all", "days", 0].append(person)
        found[f"days:{day}", "", 1].append(person)
        found["departments", department, 1].append(person)
        found[kind, "all", 1].append(person)
        found[department, kind, 2].append(person)
    return [
        Cell(
            "days" if tail.startswith("days:") else tail,
            head or "departments",
            level,
            len(people),
            len(set(people)),
        )
        for (tail, head, level), people in sorted(found.items())
    ]


def withheld(connection: psycopg.Connection[Any], name: str, table: Table) -> list[int]:
    """Ask the database which cells of a table are withheld."""
    cells = table.cells
    row = connection.execute(
        f"select {name}(%s, %s, %s, %s::bigint[], %s::bigint[], %s)".encode(),
        (
            [cell.tail for cell in cells],
            [cell.head for cell in cells],
            [cell.level for cell in cells],
            [cell.visits for cell in cells],
            [cell.people for cell in cells],
            table.minimum,
        ),
    ).fetchone()
    assert row is not None
    assert isinstance(row[0], list)
    return row[0]


def _only_small(table: Table, statuses: list[int]) -> list[int]:
    """Show what was withheld for the sake of others: as if there were no such rule."""
    return [
        status if cell.people < table.minimum else 0
        for cell, status in zip(table.cells, statuses, strict=True)
    ]


def is_nothing_told(table: Table, statuses: list[int]) -> bool:
    """Tell whether there is but a total, and that withheld."""
    return all(
        status == (UNTOLD if cell.level else WITHHELD)
        for cell, status in zip(table.cells, statuses, strict=True)
    )


def _judge(tally: Tally, number: int, table: Table, statuses: list[int]) -> None:
    attacker = Attacker(table.cells, statuses, table.minimum, one_visit_each=table.one_visit_each)
    tally.count("cells", len(statuses))
    tally.count("small", len(attacker.small))
    tally.count(
        "withheld beside them",
        sum(
            cell.people >= table.minimum and status in (1, UNTOLD)
            for cell, status in zip(table.cells, statuses, strict=True)
        ),
    )
    if not attacker.small:
        return
    if is_nothing_told(table, statuses):
        is_small = any(not table.cells[cell].level for cell in attacker.small)
        tally.count(
            "tables that are small themselves" if is_small else "tables withheld as a whole"
        )
        return
    people = attacker.people()
    most = table.minimum - 1
    for cell in attacker.small:
        place = f"table {number}, {table.cells[cell]}"
        tally.expect(statuses[cell] in (1, UNTOLD), f"{place} is shown")
        visits = attacker.visits(cell)
        if table.one_visit_each:
            tally.expect(visits.least <= 1 and visits.most >= most, f"{place} is {visits}")
        tally.expect(visits.most - visits.least >= most - 1, f"{place} has {visits} visits")
        found = people[cell]
        tally.expect(found.least <= 1 and found.most >= most, f"{place} has {found} people")
