"""A look at the sources before a release is opened: most five-minute builds find nothing new.

Where the state of a source is the one that was noted last, nothing has been written since, and
its tables are not even looked through.
"""

from __future__ import annotations

from collections.abc import Mapping

from runner import absence, db, extraction, load, sync
from runner.settings import Settings, Source
from runner.snapshots import Snapshots, state
from runner.sync import Landed

STALE = 10_000_000  # transactions after which a watermark is moved though nothing changed


def is_quiet(
    target: db.Connection, configured: Settings, snapshots: Snapshots, known: Mapping[str, str]
) -> bool:
    """Tell whether every source has just what has landed.

    `known` are the states of sources that had. What is opened stays in `snapshots`, for the sync,
    unless all are quiet. Raises what a sync raises of a source that it cannot read.
    """
    are_quiet = all(
        _is_quiet(target, configured, name, source, snapshots, known)
        for name, source in configured.sources.items()
    )
    if are_quiet:
        for name, source in configured.sources.items():
            snapshots.settle(target, name, source)
    return are_quiet


def note(target: db.Connection) -> None:
    """Note that all configured sources were found quiet now."""
    target.execute("select setval('almoner.looked_at', extract(epoch from now())::bigint)")


def _is_quiet(
    target: db.Connection,
    configured: Settings,
    name: str,
    source: Source,
    snapshots: Snapshots,
    known: Mapping[str, str],
) -> bool:
    terms = sync.terms_of(configured)
    if source.files:
        return not load.changed(target, sync.batch_of(target, name, source, terms))
    if name in known:
        seen = extraction.state(name, source)
        if known[name] == state(seen, target, name, source):
            snapshots.states[name] = known[name]
            return True
    snapshot = snapshots.of(target, name, source)
    return not any(_has_news(job) for job in sync.jobs(target, snapshot, 0, terms))


def _has_news(job: Landed) -> bool:
    """Tell whether a table may have other rows than have landed."""
    if job.snapshot.lacks(job.table):
        return absence.has_rows(job)
    if job.since is None or job.snapshot.xmin - job.since.snapshot_xmin > STALE:
        return True
    counted = job.snapshot.counts(job.table, job.since)
    return bool(counted.changed or counted.total != job.since.row_count)
