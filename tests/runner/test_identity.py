"""A source that was restored, swapped or rewound is read in full, and the operator is told."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import extraction, progress, sync
from runner.extraction import Watermark
from runner.server import SUPERUSER, Server
from runner.server import embedded as embedded_server
from runner.sync import Landing
from tests.conftest import ROOT, Databases, Running
from tests.runner.test_sync import HOSPITAL, Pair


@pytest.fixture
def pair(databases: Databases, empty_hms: str) -> Pair:
    made = Pair(databases.create(empty_hms), databases.create())
    made.run(HOSPITAL)
    made.sync()
    return made


def _notices(landed: dict[str, Landing]) -> set[str]:
    return {notice for each in landed.values() for notice in each.notices}


def _name(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def _run(running: Running, program: str, *arguments: str) -> None:
    subprocess.run([running.binaries / program, *arguments], check=True, capture_output=True)


def test_a_database_replaced_by_another_of_its_name(pair: Pair, databases: Databases) -> None:
    older = databases.create(_name(pair.source))
    pair.run("update hms.departments set name = 'newer' where id < 5")
    pair.run("insert into hms.departments (id, hospital_id, code, name, kind)"
             " values (900, 1, 'N', 'New', 'clinical')")  # fmt: skip
    pair.sync()
    databases.renew(pair.source, _name(older))
    # numbers went on, so that these rows look older than the last snapshot
    landed = pair.sync()
    assert (landed["departments"].landed, landed["departments"].deleted) == (4, 1)
    assert _notices(landed) == {
        "the database was replaced by another of its name: read in full",
    }  # fmt: skip
    assert pair.same("departments")
    assert pair.sync() == {}


def test_an_older_dump_restored_into_a_new_database(
    pair: Pair, databases: Databases, embedded: Running, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    _run(embedded, "pg_dump", "--no-owner", f"--file={dump}", pair.source)
    pair.run("update hms.departments set name = 'newer' where id < 5")
    pair.run("delete from hms.departments where id = 9")
    pair.sync()
    assert not pair.sync()
    databases.renew(pair.source, "template1")
    _run(embedded, "psql", "-Xqf", str(dump), pair.source)
    landed = pair.sync()
    assert landed["departments"].landed == 5
    assert "the database was replaced by another of its name: read in full" in _notices(landed)
    assert pair.same("departments")


def test_an_older_dump_restored_into_the_same_database(
    pair: Pair, embedded: Running, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    _run(embedded, "pg_dump", "--clean", "--no-owner", f"--file={dump}", pair.source)
    pair.run("update hms.departments set name = 'newer' where id < 5")
    pair.run("insert into hms.departments (id, hospital_id, code, name, kind)"
             " values (900, 1, 'N', 'New', 'clinical')")  # fmt: skip
    pair.sync()
    _run(embedded, "psql", "-Xqf", str(dump), pair.source)
    landed = pair.sync()
    assert (landed["departments"].landed, landed["departments"].deleted) == (4, 1)
    assert _notices(landed) == {"the table was dropped and made again: read in full"}
    assert pair.same("departments")


def test_a_table_that_was_made_again(pair: Pair) -> None:
    pair.run("create table hms.kept (like hms.services including all)")
    pair.run("drop table hms.services cascade; alter table hms.kept rename to services")
    landings = pair.all_of_sync()
    assert sync.notices(landings) == [
        "demo.services: the table was dropped and made again: read in full"
    ]
    assert sync.notices(pair.all_of_sync()) == []


def test_another_server_is_told_once(pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(pair.target, autocommit=True) as connection:
        # as if it had been read from one
        connection.execute(
            "update almoner.watermarks set server_identity = 'another' || server_identity"
        )
    landings = pair.all_of_sync()
    told = "it is another server than before: read in full"
    assert sync.notices(landings) == [f"demo.hospitals and {len(landings) - 1} more: {told}"]
    plain, lines = progress.Plain(), progress.Lines()
    for landing in landings:
        plain.landed(landing)
    assert capsys.readouterr().out.count(told) == 1
    for landing in landings:
        lines.landed(landing)
    assert capsys.readouterr().out.count('"event": "notice"') == len(landings)


@dataclass
class Machine:
    """A server of its own for a source, which can be stopped, kept and put back."""

    server: Server

    def keep(self) -> None:
        self._cp(self.server.data, self.server.home / "kept")

    def put_back(self) -> None:
        shutil.rmtree(self.server.data)
        self._cp(self.server.home / "kept", self.server.data)

    def _cp(self, old: Path, new: Path) -> None:
        subprocess.run(["cp", "-a", old, new], check=True)

    def await_promotion(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(600):
                row = connection.execute("select pg_is_in_recovery()").fetchone()
                if row == (False,):
                    return
                time.sleep(0.1)
        pytest.fail("the server did not end its recovery")

    def source(self) -> str:
        url = self.server.dsn(role=SUPERUSER, database="postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create database hms owner almoner")
            connection.execute("alter system set restore_command = 'false'")
        made = self.server.dsn(database="hms")
        with psycopg.connect(made, autocommit=True) as connection:
            connection.execute((ROOT / "runner" / "demo" / "schema.sql").read_text().encode())
        return made


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="almoner-test-") as directory:
        Path(directory).chmod(0o755)
        made = Machine(replace(embedded_server(), home=Path(directory) / "source"))
        made.server.start()
        try:
            yield made
        finally:
            made.server.stop()


def test_a_server_that_was_rewound_or_restored(machine: Machine, databases: Databases) -> None:
    pair = Pair(machine.source(), databases.create())
    pair.run(HOSPITAL)
    pair.sync()
    machine.server.stop()
    machine.keep()
    machine.server.start()
    pair.run("update hms.departments set name = 'lost' where id < 5")
    pair.run("delete from hms.departments where id = 9")
    pair.sync()
    machine.server.stop()

    # a copy of the disk is put back, and works on until its numbers are past the old ones
    machine.put_back()
    machine.server.start()
    landed = pair.sync()
    assert _notices(landed) == {
        "the server is at an earlier transaction than before: read in full",
    }
    assert pair.same("departments")
    pair.run("update hms.departments set name = 'lost again' where id < 5")
    pair.sync()
    machine.server.stop()
    machine.put_back()
    machine.server.start()
    for number in range(100, 140):
        pair.run(f"update hms.departments set name = 'later' where id = {number}")
    assert _notices(pair.sync()) == set()
    assert not pair.same("departments")
    # the four, and one that was written under the number of the lost transaction
    assert _notices(pair.sync(verify=True)) == {
        "5 rows differed from the source unseen and were landed now",
    }
    assert pair.same("departments")

    # recovered from an archive it goes on along another timeline
    machine.server.stop()
    (machine.server.data / "recovery.signal").touch()
    machine.server.start()
    machine.await_promotion(pair.source)
    pair.run("update hms.departments set name = 'recovered' where id = 7")
    landed = pair.sync()
    assert _notices(landed) == {"the server was restored or failed over: read in full"}
    assert pair.same("departments")


FOUND = "9:1/5/7/r"


@pytest.mark.parametrize(
    ("identity", "xmin", "reason"),
    [
        (FOUND, 100, None),
        ("8:1/5/7/r", 200, "it is another server than before"),
        ("8:1/5/7/8/r", 200, "it was another kind of source before"),
        ("9:2/5/7/r", 200, "the server was restored or failed over"),
        ("9:1/6/7/r", 200, "the database was replaced by another of its name"),
        ("9:1/5/8/r", 200, "the table was dropped and made again"),
        (
            "9:1/5/7/unkeyed", 200,
            "the table is of another kind, or lost or got its unique key",
        ),
        (FOUND, 99, "the server is at an earlier transaction than before"),
        (FOUND, 1_500_000_100, "it was last read too many transactions ago"),
    ],
)  # fmt: skip
def test_why_a_watermark_is_in_doubt(identity: str, xmin: int, reason: str | None) -> None:
    mark = Watermark(FOUND, 100, 1)
    assert extraction.doubt(mark, identity, xmin) == reason
    assert (extraction.usable(mark, identity, xmin) is mark) == (reason is None)


def test_a_watermark_of_before_timelines_were_known_is_used() -> None:
    assert extraction.doubt(Watermark("9/5/7/r", 100, 1), FOUND, 100) is None
