"""The snapshots of sources that are open: what was looked at is landed as it was seen."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from runner import db, extraction, wanted
from runner.extraction import Snapshot
from runner.settings import Source


@dataclass
class Snapshots:
    """One snapshot of each source that was asked for, open until the end of the block.

    `states` are the `Snapshot.state` of each, by what `shown` calls it.
    """

    states: dict[str, str] = field(default_factory=dict)
    _opened: dict[str, Snapshot] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Snapshots:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.clear()
        self._stack.close()

    def of(self, target: db.Connection, name: str, source: Source) -> Snapshot:
        """Give the snapshot of a source, opened now if it is not open."""
        if name not in self._opened:
            opened = extraction.open_snapshot(name, source, wanted.of(target, name, source))
            self._opened[name] = self._stack.enter_context(opened)
            self.states[shown(target, name, source)] = self._opened[name].state
        return self._opened[name]


def shown(target: db.Connection, name: str, source: Source) -> str:
    """Tell one way of reading a source from another: where it is, and whose rows land of it."""
    return f"{name}: {source!r} {wanted.of(target, name, source).digest}"
