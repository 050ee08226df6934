"""Publications whose connection is cut at commit: what is said of them must be true."""

from __future__ import annotations

import random
from dataclasses import dataclass

import psycopg

from bench.reliability import proxy as proxies
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from runner import db, holds, publication, releases
from runner.errors import DatabaseError

CUTS = ("before", "within", "after", "late", "answer")


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Publish `size` releases through a proxy that cuts at the commit."""
    tally = Tally("cut publications", "publications with the connection cut at commit", seed)
    chance = random.Random(seed)
    ground.renew()
    with db.connect(ground.target) as connection:
        releases.prepare(connection)
    with proxies.before(ground.target) as proxy:
        for number in range(size):
            cut = Cut(CUTS[number % len(CUTS)], chance.random(), chance.choice((0.01, 0.3, 1.2)))
            _round(ground, tally, proxy, cut)
    return tally.measured(size)


@dataclass
class Cut:
    """Where a connection ends: before, within or after COMMIT, or within its answer.

    `late`: the client is cut off, and the server gets the COMMIT `delay` seconds later.
    """

    where: str
    share: float
    delay: float
    has_seen_commit: bool = False
    is_done: bool = False

    def __call__(self, is_to_server: bool, block: bytes) -> proxies.Verdict:
        """Judge a block; nothing more is lost once it is done."""
        if self.is_done:
            return None
        if is_to_server and b"COMMIT" in block:
            return self._at_commit(block)
        if not is_to_server and self.has_seen_commit and self.where == "answer":
            self.is_done = True
            return int(self.share * len(block)), 0
        return None

    def _at_commit(self, block: bytes) -> proxies.Verdict:
        self.has_seen_commit = True
        if self.where == "answer":
            return None
        self.is_done = True
        if self.where == "before":
            return 0, 0
        if self.where == "within":
            return 1 + int(self.share * (len(block) - 1)), 0
        return len(block), self.delay if self.where == "late" else 0


def _round(ground: Ground, tally: Tally, proxy: proxies.Proxy, cut: Cut) -> None:
    with db.connect(ground.target) as direct:
        release = releases.open_release(direct)
        names = {row["name"] for row in db.rows(direct, db.script("views_of_marts"))}
    proxy.watch = cut
    is_published = said(proxy.url(ground.target), release, names)
    proxy.settle()
    tally.expect(cut.is_done, f"{cut}: it was not cut")
    truth = _truth(ground.target, release)
    tally.count(f"cut {cut.where}: {'published' if truth else 'not published'}")
    tally.expect(is_published == truth, f"{cut}: said {is_published}, but it is {truth}")


def said(url: str, release: int, names: set[str]) -> bool | None:
    """Publish and give what is said of it: None where it could not be told."""
    try:
        with db.connect(url) as connection:
            publication.publish(url, connection, release, names, holds.Verdict())
    except DatabaseError as error:
        return False if "was not published" in error.message else None
    return True


def _truth(url: str, release: int) -> bool:
    """Tell whether a release is published, and for all or for no tenant."""
    with psycopg.connect(url) as connection:
        # whoever still publishes it holds the row
        row = connection.execute(
            "select state = 'published', (select count(*) from almoner.pointers as poi"
            " where poi.release_id = rel.release_id) in (0, (select count(*)"
            " from almoner.pointers)) from almoner.releases as rel where release_id = %s"
            " for update",
            (release,),
        ).fetchone()
    assert row is not None
    if not row[1]:
        raise AssertionError(f"release {release} is published for some tenants only")
    return bool(row[0])
