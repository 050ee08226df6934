"""Room on the disk: what a build may write against what is free, looked at before it writes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from runner import db, extraction, server
from runner.contracts import Table
from runner.errors import DatabaseError
from runner.extraction import Snapshot
from runner.settings import Settings

MEGABYTE = 2**20


@dataclass(frozen=True)
class Room:
    """The file system that takes the data, None if it is not ours to look at; bytes to keep free.

    Nothing is asked for where `floor` is 0.
    """

    folder: Path | None
    floor: int

    def require(self, what: str, needed: int = 0) -> None:
        """Raise `DatabaseError` unless there is room for what is needed, and for the floor."""
        if self.folder is None or not self.floor:
            return
        free = shutil.disk_usage(self.folder).free
        if free < max(needed, self.floor):
            raise DatabaseError(
                f"{what} may take {max(needed, self.floor) // MEGABYTE:,} MB, and"
                f" {free // MEGABYTE:,} MB are free in {self.folder}",
                "free some and run `almoner build` again; min_free_mb in almoner.yml is what must"
                " be free at least, and 0 asks for nothing",
            )

    def require_landing(self, snapshot: Snapshot, table: Table, total: int, changed: int) -> None:
        """Require three times the bytes that a table's changed rows have at the source."""
        if changed > extraction.FEW:
            needed = 3 * snapshot.size(table) * changed // total
            self.require(f"landing {snapshot.name}.{table.source_name}", needed)

    def require_computing(self, connection: db.Connection, models: list[str]) -> None:
        """Require twice the size of the tables that are recomputed in full.

        Where there is none yet, they are taken to be as large as what has landed.
        """
        if models:
            row = db.one(connection, db.script("recomputed_size"), models)
            self.require("recomputing what changed", 2 * int(row["size"]))


def beneath(configured: Settings) -> Room:
    """Find where Almoner's database writes; of a server of the user's own it is not known."""
    data = server.embedded().data
    is_ours = not configured.database and data.is_dir()
    return Room(data if is_ours else None, configured.min_free_mb * MEGABYTE)
