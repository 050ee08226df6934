"""Which nodes a build must run, and how: in full, or only where inputs changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runner import db, definitions
from runner.graph import Node

FEW = 5  # names that are told of one reason
ANEW = "made anew"
FOLLOWING = (ANEW, "view ", "seed ", "source ")  # begin with another node's own reason
RECORDED = ("view", "seed", "snapshot", "mart", "released")


@dataclass(frozen=True)
class Step:
    """A node to run: `mode` full or incremental, counting changes after release `since`."""

    node: Node
    mode: str
    since: int
    reason: str


@dataclass(frozen=True)
class History:
    """What earlier releases recorded: each model's last build, and each feed's last news.

    `filled` has the last release in which a table was filled from empty, which leaves no feed;
    `definitions` the parts of those that were recorded.
    """

    builds: dict[str, tuple[int, str]]
    feeds: dict[str, int]
    filled: dict[str, int] = field(default_factory=dict)
    definitions: dict[str, definitions.Parts] = field(default_factory=dict)


def is_done(connection: db.Connection, fingerprint: str) -> bool:
    """Tell whether neither the project's files nor any feed changed since the last release."""
    row = db.one(connection, db.script("project_is_unchanged"), fingerprint)
    return bool(row["is_unchanged"])


def remembered(connection: db.Connection) -> str:
    """Give the fingerprint of the files that the last release was planned from, else ''."""
    found = db.rows(connection, "select fingerprint from almoner.project_files")
    return str(found[0]["fingerprint"]) if found else ""


def history(connection: db.Connection) -> History:
    """Read what was built before, and which feeds have news since."""
    builds = {
        row["model"]: (int(row["release_id"]), str(row["definition"]))
        for row in db.rows(connection, db.script("last_builds"))
    }
    logged = db.rows(
        connection,
        "select feed, max(release_id) as release_id,"
        " coalesce(max(release_id) filter (where is_full), 0) as filled_in"
        " from almoner.feed_log group by feed",
    )
    return History(
        builds,
        {row["feed"]: int(row["release_id"]) for row in logged},
        {row["feed"]: int(row["filled_in"]) for row in logged},
        definitions.known(connection),
    )


def plan(nodes: dict[str, Node], past: History, *, full: bool = False) -> list[Step]:
    """Choose the nodes to run, inputs before dependants; every one if `full`."""
    present = {node.definition: node.parts for node in nodes.values()}
    steps: dict[str, Step] = {}
    for unique_id, node in nodes.items():
        if node.kind not in RECORDED:
            continue
        step = _redefined(node, past, present, full) or _touched(node, nodes, past, steps)
        if step:
            steps[unique_id] = step
    return list(steps.values())


def _redefined(
    node: Node, past: History, present: dict[str, definitions.Parts], full: bool
) -> Step | None:
    """Plan a node that is new, or whose definition is another one than at its last build."""
    since, definition = past.builds.get(node.name, (0, ""))
    if not definition:
        return Step(node, "full", since, "new")
    if definition != node.definition:
        why = definitions.differences(definition, node.definition, past.definitions, present)
        return Step(node, "full", since, ", ".join(why))
    return Step(node, "full", since, "asked for in full") if full else None


def _touched(
    node: Node, nodes: dict[str, Node], past: History, steps: dict[str, Step]
) -> Step | None:
    """Plan a node whose inputs changed, or were made anew beneath it."""
    since, _ = past.builds[node.name]
    if node.kind in ("view", "mart"):
        # a view that is made anew takes the views upon it away
        rebuilt = [nodes[parent] for parent in node.inputs if parent in steps]
        dropped = [each for each in rebuilt if each.kind == node.kind]
        told = f"{ANEW}: {node.kind} {_named(dropped)}"
        return Step(node, "full", since, told) if dropped else None
    if node.kind == "seed":
        return None
    read = _read(node, nodes)
    filled = [each for each in read if past.filled.get(each.feed, 0) > since]
    if filled and node.kind == "released":
        return Step(node, "full", since, f"input filled from empty: {_named(filled)}")
    news = [
        each for each in read if each.unique_id in steps or past.feeds.get(each.feed, 0) > since
    ]
    return Step(node, "incremental", since, f"inputs changed: {_named(news)}") if news else None


def _read(node: Node, nodes: dict[str, Node]) -> list[Node]:
    """List the source tables and released models that a node reads, through views or not."""
    found: list[Node] = []
    for parent in node.inputs:
        upstream = nodes[parent]
        if upstream.kind in ("source", "released"):
            found.append(upstream)
        elif upstream.kind == "view":
            found += _read(upstream, nodes)
    return found


def regrained(nodes: Iterable[Node], steps: list[Step]) -> set[str]:
    """Name the marts whose rows may be of another grain: redefined ones, or all after a key."""
    if any("meta unique_key changed" in step.reason for step in steps):
        return {node.name for node in nodes if node.kind == "mart"}
    return {
        step.node.name
        for step in steps
        if step.mode == "full" and step.node.kind == "mart" and not step.reason.startswith(ANEW)
    }


def _named(nodes: Iterable[Node]) -> str:
    return ", ".join(sorted({each.label for each in nodes}))


def reasons(steps: list[Step]) -> list[tuple[str, str]]:
    """Give what full recomputes begin with: each reason, and the nodes that it is of.

    Left out is what only follows: inputs that changed, views made anew, views and seeds that
    changed and are told themselves.
    """
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.mode == "full" and not step.reason.startswith(FOLLOWING):
            found.setdefault(step.reason, []).append(step.node.name)
    return [(reason, _few(names)) for reason, names in found.items()]


def _few(names: list[str]) -> str:
    more = f" and {len(names) - FEW} more" if names[FEW:] else ""
    return f"{', '.join(names[:FEW])}{more}"
