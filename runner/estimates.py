"""About how many rows the steps of a build compute: planner statistics, not counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql

from runner import db
from runner.graph import Node
from runner.planning import Step

HOLDING = ("released", "seed", "snapshot")


@dataclass(frozen=True)
class Sizes:
    """Rows by feed: what each table holds, and how many of them changed."""

    held: Mapping[str, int]
    changed: Mapping[str, int]


def sizes(connection: db.Connection, steps: list[Step], coming: Mapping[str, int]) -> Sizes:
    """Read the sizes of all tables; what changed is in the feeds already, or yet `coming`."""
    held = {row["feed"]: int(row["size"]) for row in db.rows(connection, db.script("held_rows"))}
    since = min((step.since for step in steps if step.mode == "incremental"), default=None)
    landed = {} if since is None else _landed(connection, since)
    return Sizes(
        held, {name: landed.get(name, 0) + coming.get(name, 0) for name in {*landed, *coming}}
    )


def _landed(connection: db.Connection, since: int) -> dict[str, int]:
    """Count the changes that landed after a release and were not built yet."""
    found = {}
    for row in db.rows(
        connection, "select distinct feed from almoner.feed_log where release_id > %s", since
    ):
        query = sql.SQL("select count(*) as size from {} where release_id > {}").format(
            sql.Identifier("feed", row["feed"]), sql.Literal(since)
        )
        found[row["feed"]] = int(db.one(connection, query.as_string())["size"])
    return found


def rows(nodes: Mapping[str, Node], steps: list[Step], known: Sizes) -> dict[str, int]:
    """Estimate the rows that each step computes; views and marts compute none.

    In full: what the table holds, or the largest input of a new one. Else what changed in the
    inputs, handed on through views, at most what the table holds.
    """
    planned = {step.node.unique_id: step for step in steps}
    size: dict[str, int] = {}
    moved: dict[str, int] = {}
    for unique_id, node in nodes.items():
        largest = max((size[parent] for parent in node.inputs), default=0)
        changed = sum(moved[parent] for parent in node.inputs) + known.changed.get(node.feed, 0)
        size[unique_id] = known.held.get(node.feed) or max(largest, changed)
        moved[unique_id] = changed
        if node.kind in HOLDING:
            moved[unique_id] = _computed(planned.get(unique_id), changed, size[unique_id])
    return {name: moved[name] for name, step in planned.items() if step.node.kind in HOLDING}


def _computed(step: Step | None, changed: int, size: int) -> int:
    if step is None:
        return 0
    return size if step.mode == "full" else min(changed, size)
