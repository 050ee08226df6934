"""A source whose transaction counter passes 2^32 between syncs: every change is found."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.reliability import ground as grounds
from bench.reliability import landed
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from runner import db, landing_only, server
from runner.demo import generator
from runner.settings import Settings, Source

WRAP = 2**32
STATUS_SEGMENT = 2**20  # transactions in a file of pg_xact, two bits each


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Sync `size` times around the wrap, which comes in the middle, with rows changed between."""
    tally = Tally("wrapped counter", "syncs around the wrap of the transaction counter", seed)
    chance = random.Random(seed)
    burnt = 200
    target = grounds.create(ground.running, "proof_wrapped")
    with _source(ground.running, WRAP - burnt * size // 2) as source:
        settings = Settings(sources={landed.NAME: Source(system="hms", dsn=source)})
        landing_only.from_sources(settings, target, accept_deletions=True)
        with psycopg.connect(source) as slow:
            # a transaction that is older than the wrap and commits long after it
            slow.execute("update hms.departments set name = name || ' (slow)' where id = 1")
            for number in range(size):
                if number == size - 2:
                    slow.commit()
                changed = _change(source, chance, burnt)
                landings = landing_only.from_sources(settings, target, accept_deletions=True)
                rows = sum(landing.landed for landing in landings)
                found = landed.compare(source, target)
                tally.expect(not found.size, f"sync {number}: {found}")
                tally.expect(rows >= changed, f"sync {number}: {changed} changed, {rows} landed")
                tally.count("rows changed", changed)
        last = _counter(source)
    tally.expect(last > WRAP, f"the counter did not wrap: {last}")
    tally.most("transactions after the wrap", last - WRAP)
    with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as connection:
        grounds.drop(connection, "proof_wrapped")
    return tally.measured(size)


@contextmanager
def _source(like: server.Server, counter: int) -> Iterator[str]:
    """Run a server of its own whose next transaction has a number that is about to wrap."""
    with tempfile.TemporaryDirectory(prefix="almoner-wrapped-") as directory:
        Path(directory).chmod(0o755)
        running = replace(like, home=Path(directory) / "postgres")
        running.start()
        try:
            source = running.dsn()
            with db.connect(source) as connection:
                generator.generate(connection, 2, 5, 4, grounds.END, 1)
            _freeze(running)
            running.stop()
            _wind(running, counter)
            running.start()
            yield source
        finally:
            running.reset()


def _freeze(running: server.Server) -> None:
    """Let no row depend on a number that will be in the future."""
    with psycopg.connect(grounds.superuser(running), autocommit=True) as connection:
        connection.execute("alter system set autovacuum = off")
        connection.execute("update pg_database set datallowconn = true")
        names = [row[0] for row in connection.execute("select datname from pg_database")]
    for name in names:
        with psycopg.connect(grounds.superuser(running, name), autocommit=True) as connection:
            connection.execute("vacuum (freeze)")


def _wind(running: server.Server, counter: int) -> None:
    """Set the stopped server's counter, and make the file that its transactions' fates go to."""
    status = running.data / "pg_xact" / f"{counter // STATUS_SEGMENT:04X}"
    running._write(status, "")
    with status.open("wb") as file:
        file.write(bytes(STATUS_SEGMENT // 4))
    oldest = counter - 1000
    running._run(
        "pg_resetwal", "-e", "0", "-x", str(counter), "-u", str(oldest), "-D", str(running.data)
    )


def _change(source: str, chance: random.Random, burnt: int) -> int:
    """Change, add and delete some rows, in transactions of their own; give how many to land."""
    with psycopg.connect(source, autocommit=True) as connection:
        changed = connection.execute(
            "update hms.patients set phone = phone || '1' where id %% 13 = %s",
            (chance.randrange(13),),
        ).rowcount
        connection.execute(
            "insert into hms.patients (hospital_id, number, first_name, last_name)"
            " select 1, 'wrapped ' || gen_random_uuid(), 'A', 'B'"
        )
        connection.execute(
            "delete from hms.patients where id = (select max(id) from hms.patients"
            " where number like 'wrapped%%' and id %% 3 = %s)",
            (chance.randrange(3),),
        )
        for _ in range(burnt):
            connection.execute("select pg_current_xact_id()")
    return changed


def _counter(source: str) -> int:
    with psycopg.connect(source) as connection:
        row = connection.execute("select pg_current_xact_id()::text::bigint").fetchone()
    assert row is not None
    return int(row[0])
