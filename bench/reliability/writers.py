"""Writers that change a source as awkwardly as PostgreSQL allows."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress
from types import TracebackType

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

# tables of the demo's schema that a writer copies rows of, and what else must be unique in them
TABLES = {"patients": "number", "payments": "number", "invoice_items": None}
APART = 1_000_000  # a writer moves and adds keys in steps that keep its rows its own


class Writers:
    """Run until the block ends; then no prepared transaction is left."""

    def __init__(self, url: str, number: int, seed: int) -> None:
        self._url = url
        self._stop = threading.Event()
        self._writers = [Writer(url, number, each, seed, self._stop) for each in range(number)]

    @property
    def counts(self) -> Counter[str]:
        """What was done, by all of them."""
        return sum((writer.counts for writer in self._writers), Counter())

    @property
    def errors(self) -> list[str]:
        """What ended a writer before its time."""
        return [error for writer in self._writers for error in writer.errors]

    def __enter__(self) -> Writers:
        for writer in self._writers:
            writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        for writer in self._writers:
            writer.join()
        with psycopg.connect(self._url, autocommit=True) as connection:
            for (name,) in connection.execute(
                "select gid from pg_prepared_xacts where database = current_database()"
            ).fetchall():
                connection.execute(sql.SQL("commit prepared {}").format(sql.Literal(name)))


class Writer(threading.Thread):
    """Changes the rows whose key leaves its own remainder; others change theirs."""

    def __init__(self, url: str, number: int, own: int, seed: int, stop: threading.Event) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self._url, self._number, self._own, self._ending = url, number, own, stop
        self._chance = random.Random(f"{seed} {own}")
        self._prepared: list[str] = []
        self._transactions = 0
        self._added = 0

    def run(self) -> None:
        """Write until told to stop."""
        try:
            self._write()
        except psycopg.Error as error:
            self.errors.append(f"a writer failed: {error}")

    def _write(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            # foreign keys and the trigger that keeps updated_at are out of the way
            connection.execute("set session_replication_role = replica")
            connection.execute("set lock_timeout = '300ms'")  # its own prepared rows
            while not self._ending.is_set():
                with suppress(psycopg.errors.LockNotAvailable):
                    self._transact(connection)

    def _transact(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._transactions += 1
        connection.execute("begin")
        try:
            for _ in range(self._chance.randint(1, 4)):
                self._with_savepoint(connection)
                self._ending.wait(self._chance.choice((0, 0, 0.02, 0.3)))
            self._end(connection)
        except psycopg.Error:
            connection.execute("rollback")
            raise

    def _with_savepoint(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        fate = self._chance.choice(("none", "none", "release", "rollback to"))
        if fate != "none":
            connection.execute("savepoint within")
        self._change(connection)
        if fate != "none":
            self.counts["savepoints"] += 1
            connection.execute(f"{fate} savepoint within".encode())

    def _end(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Commit after a while, or prepare; now and then end what was prepared earlier."""
        fate = self._chance.random()
        if fate < 0.15 and len(self._prepared) < 1:
            name = f"{self._own} {self._transactions}"
            connection.execute(sql.SQL("prepare transaction {}").format(sql.Literal(name)))
            self._prepared.append(name)
            self.counts["transactions prepared"] += 1
        else:
            connection.execute("rollback" if fate > 0.95 else "commit")
            self.counts["transactions"] += 1
        if self._prepared and self._chance.random() < 0.2:
            how = "commit prepared {}" if self._chance.random() < 0.8 else "rollback prepared {}"
            connection.execute(sql.SQL(how).format(sql.Literal(self._prepared.pop())))

    def _change(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        name, unique = self._chance.choice(list(TABLES.items()))
        table = sql.Identifier("hms", name)
        found = connection.execute(
            sql.SQL("select id from {} where id %% %s = %s order by random() limit 1").format(
                table
            ),
            (self._number, self._own),
        ).fetchone()
        if found is None:
            return
        row = int(str(found[0]))
        deed = self._chance.choice(("update", "update", "update", "insert", "delete", "rekey"))
        self.counts[f"{deed}s"] += 1
        if deed == "insert":
            self._insert(connection, table, unique, row)
        elif deed == "delete":
            connection.execute(sql.SQL("delete from {} where id = %s").format(table), (row,))
        else:
            self._update(connection, table, row, is_new_key=deed == "rekey")

    def _insert(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        table: sql.Identifier,
        unique: str | None,
        row: int,
    ) -> None:
        new = self._new_key()
        other = {"id": new, **({unique: f"n{new}"} if unique else {})}
        connection.execute(
            sql.SQL(
                "insert into {0} select (jsonb_populate_record(tab, %s)).*"
                " from {0} as tab where tab.id = %s"
            ).format(table),
            (Jsonb(other), row),
        )

    def _update(
        self,
        connection: psycopg.Connection[tuple[object, ...]],
        table: sql.Identifier,
        row: int,
        *,
        is_new_key: bool,
    ) -> None:
        # clocks differ: a row may be written with a time long past or to come
        skew = self._chance.choice((0, 0, -3600, -5, 5, 3600))
        connection.execute(
            sql.SQL(
                "update {} set id = %s,"
                " updated_at = clock_timestamp() + make_interval(secs => %s),"
                " created_at = created_at + interval '1 microsecond' where id = %s"
            ).format(table),
            (self._new_key() if is_new_key else row, skew, row),
        )

    def _new_key(self) -> int:
        self._added += 1
        return (APART + self._added) * self._number + self._own
