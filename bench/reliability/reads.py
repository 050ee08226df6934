"""Publications while BI logins read: no statement and no transaction sees two releases."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

import psycopg
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from runner import db
from runner.demo import generator

ONE, OTHER = "dept_revenue_daily", "collections_daily"
READERS = 3
PAUSE = 0.02  # seconds between two reads of a reader
Pair = tuple[str, str]


def run(ground: Ground, size: int, seed: int, *, reads: int = 1000) -> Measured:
    """Publish `size` releases under at least `reads` reads per release."""
    tally = Tally("publications under reads", "publications", seed)
    # days pass in it, and other proofs know what the ground's own one makes
    source = grounds.create(ground.running, "proof_read", grounds.name_of(ground.source))
    ground.renew()
    before = _idle(ground.login)
    known = {_pair(ground.target)}
    with Readers(ground.login, READERS) as readers:
        for number in range(size):
            if number:
                with db.connect(source) as connection:
                    generator.live(connection, 100 + number, is_calm=True)
            answer = ground.runners.start(source=source).wait()
            tally.expect(bool(answer.get("release")), f"build {number}: {answer}")
            known.add(_pair(ground.target))
            readers.wait_for(reads * (number + 1))
    # each day that passes is one more to read
    after = _idle(ground.login)
    tally.expect(len(known) == size + 1, f"{size} publications showed {len(known)} states")
    tally.complaints += before.errors + readers.errors + after.errors
    for pair in readers.seen - known:
        tally.complaints.append(f"two releases in one statement or transaction: {pair}")
    tally.count("reads", len(readers.seconds))
    tally.count("states seen", len(readers.seen & known))
    idle = before.seconds + after.seconds
    for name, seconds in (("idle", idle), ("with builds", readers.seconds)):
        cuts = statistics.quantiles(seconds, n=100)
        tally.most(f"ms p50 {name}", 1000 * cuts[49])
        tally.most(f"ms p99 {name}", 1000 * cuts[98])
    ratio = tally.measures["ms p99 with builds"] / tally.measures["ms p99 idle"]
    tally.most("× p99 with builds against idle", ratio)
    with psycopg.connect(grounds.superuser(ground.running), autocommit=True) as connection:
        grounds.drop(connection, "proof_read")
    return tally.measured(size)


@dataclass
class Readers:
    """BI logins that read two marts, or one twice, in one statement and in one transaction."""

    url: str
    number: int
    seen: set[Pair] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Readers:
        for _ in range(self.number):
            self._threads.append(threading.Thread(target=self._read))
            self._threads[-1].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, reads: int) -> None:
        """Wait until so many reads are done."""
        while len(self.seconds) < reads and not self.errors:
            self._stop.wait(0.05)

    def _read(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                while not self._stop.is_set():
                    for way in (_in_one_statement, _in_one_transaction, _twice):
                        self._timed(connection, way)
                        self._stop.wait(PAUSE)
        except psycopg.Error as error:
            self.errors.append(str(error))

    def _timed(self, connection: psycopg.Connection[Pair], way: Way) -> None:
        begun = time.perf_counter()
        pair = way(connection)
        self.seconds.append(time.perf_counter() - begun)
        if pair is not None:
            self.seen.add(pair)


def _idle(url: str) -> Readers:
    """Read for three seconds while nothing is built."""
    with Readers(url, READERS) as readers:
        time.sleep(3)
    return readers


class Way:
    """How a reader asks; gives the two marts' digests, or none if it asked for one only."""

    def __call__(self, connection: psycopg.Connection[Pair]) -> Pair | None: ...


def _digest(mart: str) -> sql.Composed:
    query = "(select md5(string_agg(mar::text, ' ' order by mar::text)) from {} as mar)"
    return sql.SQL(query).format(sql.Identifier("marts", mart))


def _row(connection: psycopg.Connection[Pair], *marts: str) -> tuple[str, ...]:
    query = sql.SQL("select {}").format(sql.SQL(", ").join(_digest(mart) for mart in marts))
    return tuple(map(str, connection.execute(query).fetchone() or ()))


def _in_one_statement(connection: psycopg.Connection[Pair]) -> Pair:
    one, other = _row(connection, ONE, OTHER)
    return one, other


def _in_one_transaction(connection: psycopg.Connection[Pair]) -> Pair:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        return _row(connection, ONE)[0], _row(connection, OTHER)[0]


def _twice(connection: psycopg.Connection[Pair]) -> Pair | None:
    first, second = _row(connection, ONE, ONE)
    return None if first == second else (first, second)


def _pair(url: str) -> Pair:
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('almoner.tenant', %s, false)", (grounds.TENANT,))
        return _in_one_statement(connection)
