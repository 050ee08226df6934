"""A reader that looks at every mart again and again while others break things."""

from __future__ import annotations

import threading
from types import TracebackType

import psycopg

from bench.reliability.ground import Figures, Ground, digests, queries


class Reader:
    """Reads all marts of a tenant in one snapshot, over and over, as a BI login."""

    def __init__(self, ground: Ground) -> None:
        self._url = ground.login
        self._queries = queries(ground.published)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.answers: list[Figures] = []
        self.lost = 0
        self.errors: list[str] = []

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    self._read_on(connection)
            except psycopg.OperationalError:
                self.lost += 1  # the connection, and with it nothing else
                self._stop.wait(0.05)

    def _read_on(self, connection: psycopg.Connection[tuple[str]]) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(digests(connection, self._queries))
            except psycopg.Error as error:
                if connection.closed:
                    raise psycopg.OperationalError from error
                self.errors.append(str(error))
            self._stop.wait(0.05)


def mixed(answers: list[Figures], before: Figures, after: Figures) -> list[str]:
    """Tell what is wrong with a reader's answers: all are the one or the other, in this order."""
    wrong = []
    has_moved = False
    for answer in answers:
        if answer == after:
            has_moved = True
        elif answer != before or has_moved:
            parts = {name for name in answer if answer[name] != before[name]}
            wrong.append(f"a reader saw neither release, or the older after the newer: {parts}")
    return wrong
