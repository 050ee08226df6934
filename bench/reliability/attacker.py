"""Somebody who knows the rule, every figure that is published, and how to reckon with them.

Plain Python, of its own: nothing of it is shared with the rule that it attacks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

ENDLESS = 10**12
SHOWN, WITHHELD, UNTOLD, HOLLOW = range(4)  # as the rule answers


@dataclass(frozen=True)
class Cell:
    """A count between two sums: so many visits of so many people; `level` 0 is the total."""

    tail: str
    head: str
    level: int
    visits: int
    people: int


@dataclass(frozen=True)
class Bounds:
    """The least and the most that a number can be."""

    least: int
    most: int


class Attacker:
    """Reckons what withheld cells can be, from what is shown and from the rule.

    It is told which of them were withheld for being small: of those it knows that they are
    1 to `minimum` − 1 people, of the others that they are at least `minimum`. With
    `one_visit_each` it also knows that nobody came twice, so that visits are people.
    """

    def __init__(
        self, cells: list[Cell], statuses: list[int], minimum: int, *, one_visit_each: bool
    ) -> None:
        self.cells = cells
        self.minimum = minimum
        self._statuses = statuses
        self._most_small = minimum - 1 if one_visit_each else ENDLESS
        self._steps = [
            (arc, step)
            for arc, cell in enumerate(cells)
            for step in ((cell.tail, cell.head, True), (cell.head, cell.tail, False))
        ]
        self._known = [self._bounds(number) for number in range(len(cells))]

    @property
    def small(self) -> list[int]:
        """The cells of fewer people than the minimum."""
        return [number for number, cell in enumerate(self.cells) if cell.people < self.minimum]

    def _bounds(self, number: int) -> Bounds:
        cell, status = self.cells[number], self._statuses[number]
        if status in (SHOWN, HOLLOW):
            return Bounds(cell.visits, cell.visits)
        if cell.people >= self.minimum:
            return Bounds(0 if status == UNTOLD else self.minimum, ENDLESS)
        return Bounds(0 if status == UNTOLD else 1, self._most_small)

    def visits(self, target: int) -> Bounds:
        """Give exact bounds of a cell's visits: the flows that sums and bounds leave open."""
        cell, known = self.cells[target], self._known[target]
        falls = self._pushed(target, cell.tail, cell.head, cell.visits - known.least)
        rises = self._pushed(target, cell.head, cell.tail, known.most - cell.visits)
        return Bounds(cell.visits - falls, cell.visits + rises)

    def _pushed(self, target: int, source: str, sink: str, most: int) -> int:
        """Give the largest flow, up to `most`, round the target: Edmonds and Karp."""
        flow = [cell.visits for cell in self.cells]
        pushed = 0
        while pushed < most and (way := self._way(target, source, sink, flow)):
            step = min(most - pushed, *(self._room(arc, up, flow) for arc, up in way))
            for arc, up in way:
                flow[arc] += step if up else -step
            pushed += step
        return pushed

    def _room(self, arc: int, up: bool, flow: list[int]) -> int:
        return self._known[arc].most - flow[arc] if up else flow[arc] - self._known[arc].least

    def _way(self, target: int, source: str, sink: str, flow: list[int]) -> list[tuple[int, bool]]:
        reached: dict[str, tuple[str, int, bool] | None] = {source: None}
        waiting = deque([source])
        while waiting and sink not in reached:
            here = waiting.popleft()
            for arc, (begin, end, up) in self._steps:
                is_new = begin == here and end not in reached and arc != target
                if is_new and self._room(arc, up, flow) > 0:
                    reached[end] = (here, arc, up)
                    waiting.append(end)
        way, place = [], reached.get(sink)
        while place is not None:
            here, arc, up = place
            way.append((arc, up))
            place = reached[here]
        return way

    def people(self) -> list[Bounds]:
        """Narrow each cell's people by visits and unions until nothing narrows any more.

        A sum has at least the people of each part, and at most those of all parts.
        """
        found = [self._first_people(number) for number in range(len(self.cells))]
        while True:
            before = list(found)
            for whole, parts in self._unions():
                for part in parts:
                    others = sum(found[other].most for other in parts if other != part)
                    found[part] = Bounds(
                        max(found[part].least, found[whole].least - others),
                        min(found[part].most, found[whole].most),
                    )
                found[whole] = Bounds(
                    max(found[whole].least, *(found[part].least for part in parts)),
                    min(found[whole].most, sum(found[part].most for part in parts)),
                )
            if found == before:
                return found

    def _first_people(self, number: int) -> Bounds:
        cell, status = self.cells[number], self._statuses[number]
        if status == SHOWN:
            return Bounds(cell.people, cell.people)
        most = self.visits(number).most
        if status == HOLLOW or cell.people >= self.minimum:
            return Bounds(0 if status == UNTOLD else self.minimum, most)
        return Bounds(0 if status == UNTOLD else 1, min(most, self.minimum - 1))

    def _unions(self) -> list[tuple[int, list[int]]]:
        """Pair each sum with its parts: the cells of the next level at either end of it."""
        pairs = []
        for whole, cell in enumerate(self.cells):
            for name in ("days", "departments", "types", "parts"):
                parts = [
                    number
                    for number, part in enumerate(self.cells)
                    if part.level == cell.level + 1 and name == _side(cell, part)
                ]
                if parts:
                    pairs.append((whole, parts))
        return pairs


def _side(cell: Cell, part: Cell) -> str:
    """Say in which way a part belongs to a sum, if it does."""
    if cell.level == 0:
        if part.tail == "days":
            return "days"
        return "departments" if part.tail == "departments" else "types"
    return "parts" if part.tail == cell.head or part.head == cell.tail else ""
