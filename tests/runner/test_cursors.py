"""The cursor rule: exact where its conditions hold, and left where one does not."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner import cursors, db, releases, sync
from runner.landing import Landing
from runner.settings import Settings, Source
from tests.conftest import Databases, Running
from tests.runner.test_sync import HOSPITAL, Pair

ROWS = """
insert into hms.payments (hospital_id, number, method, currency_code, amount, status)
select 1, 'P' || num, 'cash', 'KES', 5, 'pending' from generate_series(1, 300) as num;
"""
KEPT = """
create trigger keeps before insert on hms.payments
for each row execute function hms.touch_updated_at();
"""


class Cursored(Pair):
    """A pair whose table of payments has a cursor that is kept."""

    def read(self, *, minimum: int = 100, verify: bool = False) -> Landing:
        """Sync, and say what the payments brought."""
        configured = Settings(
            sources={"demo": Source(system="hms", dsn=self.source)}, cursor_minimum_rows=minimum
        )
        with self.connect() as connection:
            release = releases.open_release(connection)
            landings = sync.sync(connection, configured, release, verify=verify)
            releases.revert(connection, release, "sync only")
        return next(each for each in landings if each.table.name == "payments")


@contextmanager
def stats_of_others(running: Running) -> Iterator[None]:
    url = running.dsn(database="postgres", role="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("grant pg_read_all_stats to almoner")
        try:
            yield
        finally:
            connection.execute("revoke pg_read_all_stats from almoner")


def superuser(running: Running, url: str) -> str:
    return running.dsn(database=str(conninfo_to_dict(url)["dbname"]), role="postgres")


@pytest.fixture(scope="module")
def prepared(
    session_databases: Databases, empty_hms: str, embedded: Running
) -> Iterator[Cursored]:
    """Land a source once; do not change it, take `pair`."""
    made = Cursored(session_databases.create(empty_hms), session_databases.create())
    made.run(HOSPITAL)
    made.run(ROWS)
    made.run(KEPT)
    with stats_of_others(embedded):
        made.read()
        made.read()
        yield made


@pytest.fixture
def pair(prepared: Cursored, databases: Databases) -> Cursored:
    source, target = (
        databases.create(str(conninfo_to_dict(url)["dbname"]))
        for url in (prepared.source, prepared.target)
    )
    with psycopg.connect(target, autocommit=True) as connection:
        # the copy stands for the source itself
        connection.execute(
            b"update almoner.watermarks set server_identity = regexp_replace("
            b"server_identity, '/[0-9]+/', '/' || (select oid from pg_database where datname = "
            + f"'{conninfo_to_dict(source)['dbname']}') || '/')".encode()
        )
    return Cursored(source, target)


def test_a_large_table_is_read_by_its_cursor(pair: Cursored) -> None:
    pair.run("update hms.payments set amount = 6 where id = 3")
    pair.run("delete from hms.payments where id = 4")
    landing = pair.read()
    assert (landing.rule, landing.refusal) == ("cursor", None)
    assert (landing.landed, landing.deleted) == (1, 1)
    assert pair.same("payments")


def test_a_row_committed_late_is_not_missed(pair: Cursored) -> None:
    with psycopg.connect(pair.source) as slow:
        slow.execute("update hms.payments set amount = 7 where id = 1")
        time.sleep(2.2)  # past the margin
        pair.run("update hms.payments set amount = 8 where id = 2")
        assert pair.read().landed == 1
        assert pair.read().rule == "cursor"
    landing = pair.read()
    assert (landing.rule, landing.landed) == ("cursor", 1)
    assert pair.same("payments")


FAULTS = {
    "no trigger keeps it": "drop trigger keeps on hms.payments",
    "a trigger fires sometimes": "drop trigger keeps on hms.payments; create trigger keeps"
    " before insert on hms.payments for each row when (new.amount > 1)"
    " execute function hms.touch_updated_at()",
    "a trigger is switched off": "alter table hms.payments disable trigger touch_updated_at",
    "no index": "drop index hms.payments_updated",
}
REFUSALS = {"no index": "no index begins with updated_at"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_condition_of_the_table_that_fails_means_xmin(pair: Cursored, fault: str) -> None:
    pair.run(FAULTS[fault])
    pair.run("update hms.payments set amount = 6 where id = 3")
    landing = pair.read()
    assert landing.rule == "xmin"
    wanted = REFUSALS.get(fault, "no trigger sets updated_at at every insert and update")
    assert landing.refusal == wanted
    assert pair.same("payments")


def test_a_cursor_without_time_zone_means_xmin(
    pair: Cursored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "EXACT", "another type")
    landing = pair.read()
    assert (landing.rule, landing.refusal) == ("xmin", "updated_at is no timestamptz")


def test_a_condition_of_the_server_that_fails_means_xmin(
    pair: Cursored, embedded: Running
) -> None:
    assert pair.read(minimum=1000).refusal == "it has fewer than 1,000 rows"
    assert pair.read().rule == "xmin"  # nothing is known of where the cursor stands
    assert pair.read().rule == "cursor"
    with psycopg.connect(pair.source) as connection:
        connection.tpc_begin("late")
        connection.execute("update hms.payments set amount = 9 where id = 9")
        connection.tpc_prepare()
        landing = pair.read()
        assert (landing.rule, landing.refusal) == (
            "xmin", "the source has prepared transactions",
        )  # fmt: skip
        connection.tpc_commit()
    landing = pair.read()
    assert (landing.rule, landing.landed) == ("xmin", 1)
    with psycopg.connect(superuser(embedded, pair.source), autocommit=True) as connection:
        connection.execute("revoke pg_read_all_stats from almoner")
        try:
            landing = pair.read()
            assert landing.rule == "xmin"
            assert str(landing.refusal).endswith("has no pg_read_all_stats at the source")
        finally:
            connection.execute("grant pg_read_all_stats to almoner")
    with psycopg.connect(superuser(embedded, pair.source), autocommit=True) as hidden:
        hidden.execute("set track_activities = off")
        assert "track_activities" in str(pair.read().refusal)


def test_the_proof_lands_what_the_cursor_missed_and_ends_its_use(
    pair: Cursored, embedded: Running
) -> None:
    time.sleep(2.2)
    assert pair.read().rule == "cursor"
    with psycopg.connect(superuser(embedded, pair.source), autocommit=True) as connection:
        # as a replicated or a repaired row is written: without triggers
        connection.execute("set session_replication_role = replica")
        connection.execute("update hms.payments set amount = 1 where id in (5, 6)")
    assert pair.read().landed == 0
    assert not pair.same("payments")
    landing = pair.read(verify=True)
    assert (landing.rule, landing.landed) == ("cursor", 2)
    assert "2 rows differed" in landing.notices[0]
    assert "read by xmin from now on" in landing.notices[1]
    assert pair.same("payments")
    landing = pair.read()
    assert landing.rule == "xmin"
    assert "release" in str(landing.refusal)
    assert pair.read(verify=True).notices == ()
    with pair.connect() as connection:
        known = db.one(
            connection,
            "select verified_at is not null as yes from almoner.readings"
            " where table_name = 'raw_hms__payments'",
        )
    assert known["yes"]


def test_both_rules_agree_under_writers(pair: Cursored, databases: Databases) -> None:
    by_xmin = Cursored(pair.source, databases.create())
    by_xmin.read(minimum=10_000)
    stop = threading.Event()
    writers = [
        threading.Thread(target=_write, args=(pair.source, number, stop)) for number in range(6)
    ]
    for writer in writers:
        writer.start()
    rules, rounds = set(), 0
    try:
        while rounds < 4:
            rules.add(pair.read().rule)
            by_xmin.read(minimum=10_000)
            rounds += 1
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert pair.read().rule == "cursor"
    by_xmin.read(minimum=10_000)
    assert rules == {"cursor"}
    assert pair.same("payments")
    assert by_xmin.same("payments")
    assert pair.read(verify=True).notices == ()


def _write(url: str, number: int, stop: threading.Event) -> None:
    """Insert, update, delete and renumber payments, slowly, with savepoints and rollbacks."""
    chance = random.Random(number)
    with psycopg.connect(make_conninfo(url, application_name="writer")) as connection:
        connection.execute("set search_path = hms")
        while not stop.is_set():
            with connection.transaction(force_rollback=chance.random() < 0.1):
                for _ in range(chance.randint(1, 4)):
                    with connection.transaction(force_rollback=chance.random() < 0.2):
                        _one_change(connection, number, chance)
                stop.wait(chance.choice([0, 0.01, 0.1, 1.5]))


def _one_change(connection: psycopg.Connection, number: int, chance: random.Random) -> None:
    mine = chance.randrange(50) * 6 + number + 1  # nobody waits for another's row
    kind = chance.random()
    if kind < 0.4:
        connection.execute("update payments set amount = amount + 1 where id = %s", (mine,))
    elif kind < 0.8:
        connection.execute(
            "insert into payments (hospital_id, number, method, currency_code, amount, status)"
            " values (1, %s, 'cash', 'KES', 5, 'pending')",
            (f"N{number}-{chance.random()}",),
        )
    elif kind < 0.9:
        connection.execute(
            "delete from payments where id = (select max(id) from payments"
            " where number like %s)", (f"N{number}-%",),
        )  # fmt: skip
    else:
        connection.execute(
            "update payments set id = id + 1000000 where id = (select min(id) from payments"
            " where number like %s)", (f"N{number}-%",),
        )  # fmt: skip
