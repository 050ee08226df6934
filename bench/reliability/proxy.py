"""A TCP proxy that loses connections: at a byte that the proof chooses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

# how much of a block passes, and after which delay; None: all of it, and go on
Verdict = tuple[int, float] | None
Watch = Callable[[bool, bytes], Verdict]


def pass_all(is_to_server: bool, block: bytes) -> Verdict:
    """Lose nothing."""
    return None


@dataclass
class Proxy:
    """Listens before a server; `watch` sees each block and says where the connection ends.

    The side that a block came from is cut off at once, the other after the verdict's delay and
    the part of the block that passes: what was said may arrive when nobody waits for the answer.
    """

    upstream: tuple[str, int]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    watch: Watch = pass_all
    is_open: bool = True
    threads: list[threading.Thread] = field(default_factory=list)

    def url(self, url: str) -> str:
        """Give a URL that leads through the proxy."""
        port = self.listener.getsockname()[1]
        known = {**conninfo_to_dict(url), "host": "127.0.0.1", "port": port}
        known.pop("hostaddr", None)
        return make_conninfo(**{name: str(value) for name, value in known.items()})

    def serve(self) -> None:
        """Accept connections until closed."""
        while self.is_open:
            with suppress(OSError):
                client, _ = self.listener.accept()
                server = socket.create_connection(self.upstream)
                for pair in ((client, server, True), (server, client, False)):
                    self._spawn(*pair)

    def settle(self) -> None:
        """Wait until every connection has ended on both sides."""
        for thread in self.threads:
            thread.join()
        self.threads.clear()

    def _spawn(self, one: socket.socket, other: socket.socket, is_to_server: bool) -> None:
        thread = threading.Thread(target=self._pump, args=(one, other, is_to_server), daemon=True)
        thread.start()
        self.threads.append(thread)

    def _pump(self, one: socket.socket, other: socket.socket, is_to_server: bool) -> None:
        with suppress(OSError):
            while block := one.recv(65536):
                verdict = self.watch(is_to_server, block)
                if verdict is None:
                    other.sendall(block)
                    continue
                passes, delay = verdict
                _end(one)
                time.sleep(delay)
                other.sendall(block[:passes])
                break
        _end(other)


def _end(end: socket.socket) -> None:
    """Close both ways, so that whoever waits at it wakes."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def before(url: str) -> Iterator[Proxy]:
    """Run a proxy before the server of a URL."""
    known = conninfo_to_dict(url)
    proxy = Proxy((str(known["host"]), int(str(known["port"]))))
    accepting = threading.Thread(target=proxy.serve, daemon=True)
    accepting.start()
    try:
        yield proxy
    finally:
        proxy.is_open = False
        with suppress(OSError):
            socket.create_connection(proxy.listener.getsockname()).close()
        accepting.join()
        proxy.listener.close()
