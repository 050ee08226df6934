"""A build looks for room on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner import extraction, room, server
from runner.errors import DatabaseError
from runner.room import MEGABYTE, Room
from runner.settings import Settings


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave 300 MB free."""
    left = SimpleNamespace(free=300 * MEGABYTE)
    monkeypatch.setattr(room, "shutil", SimpleNamespace(disk_usage=lambda folder: left))


FOLDER = Path("/data")


def test_the_floor_and_what_is_needed_must_be_free() -> None:
    Room(FOLDER, 256 * MEGABYTE).require("it", 299 * MEGABYTE)
    with pytest.raises(DatabaseError, match="it may take 301 MB, and 300 MB are free in /data"):
        Room(FOLDER, 256 * MEGABYTE).require("it", 301 * MEGABYTE)
    with pytest.raises(DatabaseError, match="may take 400 MB"):
        Room(FOLDER, 400 * MEGABYTE).require("it")


def test_nothing_is_asked_for_by_a_floor_of_0_or_of_a_server_elsewhere() -> None:
    Room(FOLDER, 0).require("it", 2**60)
    Room(None, 256 * MEGABYTE).require("it", 2**60)
    assert room.beneath(Settings(database="postgresql://elsewhere/almoner")).folder is None


@pytest.mark.skipif("ALMONER_TEST_DSN" in os.environ, reason="no embedded server runs")
def test_the_disk_of_the_embedded_server_is_looked_at() -> None:
    assert room.beneath(Settings()).folder == server.embedded().data


def test_rows_to_land_need_three_times_what_they_take_at_the_source() -> None:
    snapshot: Any = SimpleNamespace(name="demo", size=lambda table: 200 * MEGABYTE)
    table: Any = SimpleNamespace(source_name="payments")
    space = Room(FOLDER, 1)
    total = 10 * extraction.FEW
    space.require_landing(snapshot, table, total, extraction.FEW)  # few are not asked for
    space.require_landing(snapshot, table, total, total // 2)
    with pytest.raises(DatabaseError, match=r"landing demo.payments may take 360 MB"):
        space.require_landing(snapshot, table, total, total * 6 // 10)
