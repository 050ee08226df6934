"""`almoner plan`: what a build would recompute, why, and about how many rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner import compatibility, db, estimates, pending, planning, project, raw, write_offs
from runner.compatibility import Change
from runner.dbt import Dbt
from runner.pending import Pending
from runner.planning import History, Step
from runner.settings import Settings


@dataclass(frozen=True)
class Expected:
    """A node that would run. `rows` is an estimate, None for views, which hold none."""

    step: Step
    rows: int | None


@dataclass(frozen=True)
class Forecast:
    """What a build would find and do, and how the marts and tables would change."""

    pending: list[Pending]
    expected: list[Expected]
    changes: list[Change]


def read(connection: db.Connection, dsn: str, configured: Settings, *, full: bool) -> Forecast:
    """Look at the sources and the project as a build would; open and land nothing."""
    news = pending.read(connection, configured)
    landed = {source.system for source in configured.sources.values()}
    systems = sorted(landed.union(raw.landed_systems(connection)))
    coming = _by_feed(news)
    if waiting := write_offs.waiting(connection):
        coming[write_offs.FEED] = waiting
    if not (coming or full) and planning.is_done(connection, project.fingerprint(systems)):
        return Forecast([], [], [])
    nodes = Dbt(dsn, systems).parse()
    past = planning.history(connection)
    steps = planning.plan(nodes, _with_news(past, coming, news), full=full)
    sizes = estimates.sizes(connection, steps, coming)
    rows = estimates.rows(nodes, steps, sizes)
    expected = [Expected(step, rows.get(step.node.unique_id)) for step in steps]
    return Forecast(news, expected, compatibility.changes(connection, nodes.values()))


def _by_feed(news: list[Pending]) -> dict[str, int]:
    """Sum what is pending in each table's feed, over the sources that share it."""
    found: dict[str, int] = {}
    for each in news:
        name = each.table.feed_name
        found[name] = found.get(name, 0) + each.changed + each.vanished
    return found


def _with_news(past: History, coming: dict[str, int], news: list[Pending]) -> History:
    """Give the history as it would be once all that comes has landed, in a release after all."""
    built = [release for release, _ in past.builds.values()]
    release = max([0, *past.feeds.values(), *built]) + 1
    landed = dict.fromkeys(coming, release)
    filled = {each.table.feed_name: release for each in news if each.fills}
    return replace(past, feeds={**past.feeds, **landed}, filled={**past.filled, **filled})
