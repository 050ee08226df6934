"""The snapshots of sources that are open: what was looked at is landed as it was seen."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from runner import db, extraction, wanted
from runner.extraction import Snapshot
from runner.settings import Source


@dataclass
class Snapshots:
    """One snapshot of each source that is being read.

    `states` are of the sources that were `settled`: as long as it is the same, a source has just
    what has landed.
    """

    states: dict[str, str] = field(default_factory=dict)
    _opened: dict[str, tuple[Snapshot, ExitStack]] = field(default_factory=dict)

    def __enter__(self) -> Snapshots:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every snapshot; what is read of them is read anew."""
        while self._opened:
            _, (_, stack) = self._opened.popitem()
            stack.close()

    def of(self, target: db.Connection, name: str, source: Source) -> Snapshot:
        """Give the snapshot of a source, opened now if it is not open."""
        if name not in self._opened:
            stack = ExitStack()
            chosen = wanted.of(target, name, source)
            snapshot = stack.enter_context(extraction.open_snapshot(name, source, chosen))
            self._opened[name] = snapshot, stack
        return self._opened[name][0]

    def settle(self, target: db.Connection, name: str, source: Source) -> None:
        """Close the snapshot of a source, if it is open: it has just what has landed."""
        if name not in self._opened:
            return
        snapshot, stack = self._opened.pop(name)
        if snapshot.is_of_tables:
            self.states[name] = state(snapshot.state, target, name, source)
        stack.close()


def state(seen: str, target: db.Connection, name: str, source: Source) -> str:
    """Tell apart what was `seen` of a source, how it is read, and what had landed of it then."""
    landed = db.one(
        target,
        "select md5(string_agg(wat::text, ',' order by wat.table_name)) as marks"
        " from almoner.watermarks as wat where wat.source_id = %s",
        name,
    )
    return f"{seen} {source!r} {wanted.of(target, name, source).digest} {landed['marks']}"
