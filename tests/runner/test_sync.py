"""Landing: what changed in a source is in raw afterwards, exactly, and its feed says so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from runner import db, extraction, releases, sync
from runner.errors import AlmonerError, ContractError
from runner.landing import Landing
from runner.settings import Settings, Source
from tests.conftest import Databases

HOSPITAL = """
insert into hms.hospitals (id, code, name, time_zone, currency_code)
values (1, 'A', 'St Anne', 'Africa/Nairobi', 'KES'), (2, 'B', 'St Bede', 'Europe/Paris', 'EUR');
insert into hms.departments (id, hospital_id, code, name, kind)
select num, 1 + num % 2, 'D' || num, 'Department ' || num, 'clinical'
from generate_series(1, 200) as num
"""


@dataclass
class Pair:
    """An operational database and Almoner's own."""

    source: str
    target: str

    def run(self, statement: str) -> None:
        """Change the source."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        with db.connect(self.target) as connection:
            releases.prepare(connection)
            yield connection

    def sync(self, *, accept_deletions: bool = False, verify: bool = False) -> dict[str, Landing]:
        """Land what changed; give the landings of the tables that had news."""
        landings = self.all_of_sync(accept_deletions=accept_deletions, verify=verify)
        return {each.table.name: each for each in landings if each.is_change}

    def all_of_sync(
        self, *, accept_deletions: bool = False, verify: bool = False
    ) -> list[Landing]:
        """Land what changed; give the landings of all tables."""
        configured = Settings(sources={"demo": Source(system="hms", dsn=self.source)})
        with self.connect() as connection:
            release = releases.open_release(connection)
            landings = sync.sync(
                connection, configured, release,
                accept_deletions=accept_deletions, verify=verify,
            )  # fmt: skip
            releases.revert(connection, release, "sync only")
        return landings

    def same(self, table: str) -> bool:
        """Compare a table's contract columns in the source and in raw."""
        with self.connect() as connection:
            columns = [
                row["name"]
                for row in db.rows(
                    connection,
                    "select attname as name from pg_attribute where attrelid = %s::regclass"
                    " and attnum > 0 and attname not in ('source_id', 'tenant_id', 'landed_in')",
                    f"raw_hms.{table}",
                )
            ]
            query = f"select {', '.join(columns)} from {{}}.{table} order by id"
            ours = connection.execute(query.format("raw_hms").encode()).fetchall()
        with psycopg.connect(self.source, row_factory=dict_row) as connection:
            theirs = connection.execute(query.format("hms").encode()).fetchall()
        return ours == theirs

    def feed(self, table: str) -> list[tuple[int, int]]:
        """Give the changed rows that a table's feed names: release and id."""
        with self.connect() as connection:
            return [
                (row["release_id"], row["id"])
                for row in db.rows(
                    connection,
                    f"select release_id, id from feed.raw_hms__{table} order by 1, 2",
                )
            ]

    def aside(self) -> list[tuple[str, str, str, int | None]]:
        """Give what is set aside: tenant, entity, reason and id."""
        with self.connect() as connection:
            return [
                (row["tenant_id"], row["entity"], row["reason"], row["row_data"]["id"])
                for row in db.rows(connection, "select * from quarantine.rows order by row_id")
            ]


@pytest.fixture
def pair(databases: Databases, empty_hms: str) -> Pair:
    made = Pair(databases.create(empty_hms), databases.create())
    made.run(HOSPITAL)
    return made


def test_the_first_load_lands_every_row_with_its_tenant(pair: Pair) -> None:
    landed = pair.sync()
    assert landed["departments"].landed == 200
    assert pair.same("departments")
    with pair.connect() as connection:
        tenants = db.rows(
            connection,
            "select tenant_id, count(*) as size from raw_hms.departments group by 1 order by 1",
        )
    assert [tuple(row.values()) for row in tenants] == [("demo_1", 100), ("demo_2", 100)]


def test_nothing_new_lands_nothing(pair: Pair) -> None:
    pair.sync()
    assert pair.sync() == {}


def test_changed_new_and_deleted_rows_are_found(pair: Pair) -> None:
    pair.sync()
    pair.run("update hms.departments set name = 'Theatre' where id in (3, 4)")
    pair.run("delete from hms.departments where id = 7")
    pair.run(
        "insert into hms.departments (id, hospital_id, code, name, kind)"
        " values (900, 1, 'N', 'New', 'clinical')"
    )
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.deleted) == (3, 1)
    assert pair.same("departments")
    assert [row for _, row in pair.feed("departments")] == [3, 4, 7, 900]


def test_a_row_written_again_without_change_is_no_news(pair: Pair) -> None:
    pair.run("alter table hms.departments disable trigger user")
    pair.sync()
    pair.run("update hms.departments set name = name")
    assert pair.sync() == {}


def test_a_row_committed_late_is_not_missed(pair: Pair) -> None:
    with psycopg.connect(pair.source) as slow:
        slow.execute("update hms.departments set name = 'slow' where id = 1")
        pair.run("update hms.departments set name = 'fast' where id = 2")
        pair.sync()
        pair.run("update hms.departments set name = 'later' where id = 5")
        pair.sync()
    landed = pair.sync()["departments"]
    assert landed.landed == 1
    assert pair.same("departments")


def test_a_prepared_transaction_is_not_missed(pair: Pair) -> None:
    with psycopg.connect(pair.source) as connection:
        if connection.execute("show max_prepared_transactions").fetchone() == ("0",):
            pytest.skip("the server prepares no transactions (max_prepared_transactions)")
        connection.rollback()
        connection.tpc_begin("late")
        connection.execute("update hms.departments set name = 'two-phase' where id = 9")
        connection.tpc_prepare()
        pair.run("update hms.departments set name = 'other' where id = 10")
        pair.sync()
        connection.tpc_commit()
    assert pair.sync()["departments"].landed == 1
    assert pair.same("departments")


def test_mass_deletion_stops_and_asks(pair: Pair) -> None:
    pair.sync()
    pair.run("delete from hms.departments where id <= 40")
    with pytest.raises(AlmonerError, match=r"40 of 200 rows of departments have vanished"):
        pair.sync()
    assert pair.sync(accept_deletions=True)["departments"].deleted == 40
    assert pair.same("departments")


def test_a_failure_in_the_middle_leaves_nothing_half_done(pair: Pair) -> None:
    pair.sync()
    before = pair.feed("departments")
    pair.run("update hms.departments set name = 'x' where id = 1")
    pair.run("alter table hms.invoices rename column due_date to due_on")
    with pytest.raises(ContractError, match=r"hms\.invoices has no column due_date"):
        pair.sync()
    assert pair.feed("departments") == before
    pair.run("alter table hms.invoices rename column due_on to due_date")
    assert pair.sync()["departments"].landed == 1


def test_a_wrong_type_is_named(pair: Pair) -> None:
    pair.run("alter table hms.invoices alter column due_date type text")
    with pytest.raises(ContractError, match=r"due_date is text, the contract says date"):
        pair.sync()


def test_a_missing_table_is_named(pair: Pair) -> None:
    pair.run("drop table hms.payments cascade")
    with pytest.raises(ContractError, match=r"hms\.payments does not exist"):
        pair.sync()


UNKEYED = (
    "alter table hms.departments drop constraint departments_pkey cascade,"
    " drop constraint departments_hospital_id_code_key"
)
TWIN = (
    "insert into hms.departments (id, hospital_id, code, name, kind)"
    " values (5, 2, 'dup', 'twice', 'clinical')"
)


def test_duplicate_keys_are_set_aside(pair: Pair) -> None:
    pair.run(UNKEYED)
    pair.run(TWIN)
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.quarantined) == (200, 1)
    assert pair.aside() == [("demo_2", "hms.departments", "duplicate key", 5)]


def test_what_is_set_aside_follows_the_source(pair: Pair) -> None:
    pair.run(UNKEYED)
    pair.sync()
    # one row vanishes as another comes, so that the number of rows says nothing
    pair.run("delete from hms.departments where id = 200")
    pair.run(TWIN)
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.deleted, landed.quarantined) == (0, 1, 1)
    assert pair.aside() == [("demo_2", "hms.departments", "duplicate key", 5)]
    assert pair.sync() == {}
    pair.run("delete from hms.departments where code = 'D5'")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.quarantined, landed.mended) == (1, 0, 1)
    assert pair.aside() == []
    assert pair.same("departments")


def test_equal_rows_are_set_aside_but_for_one(pair: Pair) -> None:
    pair.run(UNKEYED)
    pair.run("insert into hms.departments select * from hms.departments where id = 7")
    pair.run("insert into hms.departments select * from hms.departments where id = 7")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.quarantined) == (200, 3)
    assert pair.sync() == {}
    pair.run("delete from hms.departments where id = 7 and ctid <> (select min(ctid)"
             " from hms.departments where id = 7)")  # fmt: skip
    assert pair.sync()["departments"].mended == 3
    assert pair.same("departments")


def test_a_row_without_its_key_is_set_aside(pair: Pair) -> None:
    pair.run(UNKEYED)
    pair.run("alter table hms.departments alter column id drop identity")
    pair.run("alter table hms.departments alter column id drop not null")
    pair.run("update hms.departments set id = null where id = 9")
    assert pair.sync()["departments"].quarantined == 1
    pair.run("update hms.departments set id = null where id = 10")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.deleted, landed.quarantined) == (0, 1, 1)
    assert [row[2] for row in pair.aside()] == ["row without its key"] * 2


def test_a_row_without_a_required_value_is_set_aside_and_belongs_to_nobody(pair: Pair) -> None:
    pair.run("alter table hms.departments alter column hospital_id drop not null")
    pair.run("update hms.departments set hospital_id = null where id = 9")
    assert pair.sync()["departments"].quarantined == 1
    reason = "hospital_id: required, and missing"
    assert pair.aside() == [(None, "hms.departments", reason, 9)]
    pair.run("update hms.departments set hospital_id = null where id = 10")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.deleted, landed.quarantined) == (0, 1, 1)
    pair.run("update hms.departments set hospital_id = 1 where hospital_id is null")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.quarantined, landed.mended) == (2, 0, 2)
    assert pair.same("departments")


@pytest.mark.parametrize("few", [0, 2, extraction.FEW])
def test_what_is_read_ahead_lands_once(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Kept of both tables, of the smaller one alone, of none."""
    pair.sync()
    monkeypatch.setattr(extraction, "FEW", few)
    pair.run("update hms.hospitals set name = 'St ' || code")
    pair.run("update hms.departments set name = 'Ward ' || id where id <= 3")
    landed = pair.sync()
    assert {name: done.landed for name, done in landed.items()} == {
        "hospitals": 2, "departments": 3,
    }  # fmt: skip
    assert pair.same("hospitals")
    assert pair.same("departments")
    assert pair.sync() == {}


def test_what_reading_raised_is_raised_rather_than_what_came_of_it() -> None:
    def fail(*_: object) -> None:
        raise ContractError("the source went away", "start it")

    snapshot = SimpleNamespace(lacks=lambda table: False, read_ahead=fail)
    job: Any = SimpleNamespace(snapshot=snapshot, table=None, since=None, release=1)

    def land() -> None:
        with sync._reading_ahead([job]) as read:
            wait(read)
            raise psycopg.OperationalError("the connection is closed")

    with pytest.raises(ContractError, match="the source went away"):
        land()


def test_a_restored_source_is_read_in_full(pair: Pair, databases: Databases) -> None:
    pair.sync()
    name = psycopg.conninfo.conninfo_to_dict(pair.source)["dbname"]
    pair.source = databases.create(str(name))
    pair.run("update hms.departments set name = 'restored' where id = 1")
    pair.run("delete from hms.departments where id = 2")
    landed = pair.sync()["departments"]
    assert (landed.landed, landed.deleted) == (1, 1)
    assert pair.same("departments")


def test_two_sources_of_one_system_stay_apart(pair: Pair, databases: Databases) -> None:
    other = Pair(databases.create("template1"), pair.target)
    other.source = databases.create(str(psycopg.conninfo.conninfo_to_dict(pair.source)["dbname"]))
    configured = Settings(
        sources={
            "north": Source(system="hms", dsn=pair.source),
            "south": Source(system="hms", dsn=other.source),
        }
    )
    with pair.connect() as connection:
        release = releases.open_release(connection)
        sync.sync(connection, configured, release)
        releases.revert(connection, release, "sync only")
        sizes = db.rows(
            connection,
            "select tenant_id, count(*) as size from raw_hms.departments group by 1 order by 1",
        )
    assert [tuple(row.values()) for row in sizes] == [
        ("north_1", 100), ("north_2", 100), ("south_1", 100), ("south_2", 100),
    ]  # fmt: skip
