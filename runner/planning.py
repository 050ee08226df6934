"""Which nodes a build must run, and how: in full, or only where inputs changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner import db
from runner.dbt import Node

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

    `filled` has the last release in which a table was filled from empty, which leaves no feed.
    """

    builds: dict[str, tuple[int, str]]
    feeds: dict[str, int]
    filled: dict[str, int] = field(default_factory=dict)


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
    )


def plan(nodes: dict[str, Node], past: History) -> list[Step]:
    """Choose the nodes to run, inputs before dependants."""
    steps: dict[str, Step] = {}
    for unique_id, node in nodes.items():
        step = _step(node, nodes, past, steps)
        if step:
            steps[unique_id] = step
    return list(steps.values())


def _step(
    node: Node, nodes: dict[str, Node], past: History, steps: dict[str, Step]
) -> Step | None:
    if node.kind not in RECORDED:
        return None
    since, definition = past.builds.get(node.name, (0, ""))
    if definition != node.definition:
        return Step(node, "full", since, "changed" if definition else "new")
    rebuilt = [parent for parent in node.inputs if parent in steps]
    if node.kind in ("view", "mart"):
        # a view that is made anew takes the views upon it away
        dropped = [parent for parent in rebuilt if nodes[parent].kind == node.kind]
        return Step(node, "full", since, "rebuilt view beneath") if dropped else None
    if node.kind == "seed":
        return None
    if node.kind == "released" and _news(node, nodes, past.filled, since):
        return Step(node, "full", since, "input filled from empty")
    news = _news(node, nodes, past.feeds, since)
    moved = [parent for parent in rebuilt if nodes[parent].kind == "released"]
    if news or moved:
        return Step(node, "incremental", since, "changed inputs")
    return None


def _news(node: Node, nodes: dict[str, Node], feeds: dict[str, int], since: int) -> bool:
    """Tell whether a feed that reaches the node, through views, has news."""
    for parent in node.inputs:
        upstream = nodes[parent]
        if upstream.kind in ("source", "released"):
            if feeds.get(upstream.feed, 0) > since:
                return True
        elif upstream.kind == "view" and _news(upstream, nodes, feeds, since):
            return True
    return False
