"""Deleted rows: found whatever their keys are, and stopped where they are too many."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from runner import db, project, releases, sync
from runner.errors import AlmonerError
from runner.landing import Landing
from runner.settings import Settings, Source
from tests.conftest import Databases
from tests.runner.test_sync import HOSPITAL, Pair

KEYS = {
    "integers": ("id bigint", ["id"]),
    "texts": ("code text", ["code"]),
    "pairs": ("id integer, code text", ["id", "code"]),
    "days": ("day timestamptz", ["day"]),
}
TYPES = {"id": "bigint", "code": "text", "day": "timestamptz", "name": "text"}
VALUES = {
    "id": "{0} * 4000 - 20000",
    "code": "'ключ ' || {0}",
    "day": "timestamptz '2026-03-28 00:00+00' + {0} * interval '1 hour'",
}


class Keyed:
    """A source whose tables have keys of every kind, each row with a number of its own."""

    def __init__(self, root: Path, databases: Databases) -> None:
        self.source, self.target = databases.create(), databases.create()
        contract = root / "models" / "staging" / "keyed" / "_sources.yml"
        contract.parent.mkdir(parents=True)
        (root / "dbt_project.yml").write_text("name: almoner\n")
        entries = [
            {
                "name": name,
                "config": {"meta": {"key": key}},
                "columns": [{"name": col, "data_type": TYPES[col]} for col in (*key, "name")],
            }
            for name, (_, key) in KEYS.items()
        ]
        contract.write_text(yaml.safe_dump({"sources": [{"name": "keyed", "tables": entries}]}))
        with psycopg.connect(self.source, autocommit=True) as connection:
            for name, (columns, key) in KEYS.items():
                connection.execute(
                    f"create table {name} ({columns}, name text,"
                    f" primary key ({', '.join(key)}))".encode()
                )

    def change(self, steps: list[tuple[str, int, int]]) -> None:
        """Insert, delete, renumber or rename a row of every table, by its number."""
        with psycopg.connect(self.source) as connection:
            for action, number, other in steps:
                for name, (_, key) in KEYS.items():
                    self._change(connection, name, key, action, number, other)

    def _change(
        self,
        connection: psycopg.Connection,
        name: str,
        key: list[str],
        action: str,
        number: int,
        other: int,
    ) -> None:
        is_it = " and ".join(f"{col} = {VALUES[col].format(number)}" for col in key)
        is_other = " and ".join(f"{col} = {VALUES[col].format(other)}" for col in key)
        values = ", ".join(VALUES[col].format(number) for col in key)
        moved = ", ".join(f"{col} = {VALUES[col].format(other)}" for col in key)
        statement = {
            "insert": f"insert into {name} values ({values}, 'new') on conflict do nothing",
            "delete": f"delete from {name} where {is_it}",
            "rename": f"update {name} set name = 'named {other}' where {is_it}",
            "renumber": f"update {name} set {moved} where {is_it}"
            f" and not exists (select from {name} where {is_other})",
        }[action]
        connection.execute(statement.encode())

    def sync(self, *, verify: bool = False) -> list[Landing]:
        configured = Settings(sources={"one": Source(system="keyed", dsn=self.source)})
        with db.connect(self.target) as connection:
            releases.prepare(connection)
            release = releases.open_release(connection)
            landings = sync.sync(
                connection, configured, release, accept_deletions=True, verify=verify
            )
            releases.revert(connection, release, "sync only")
        return landings

    def differing(self) -> list[str]:
        """Name the tables of raw that are not as their source is."""
        found = []
        with psycopg.connect(self.source) as theirs, psycopg.connect(self.target) as ours:
            for name, (_, key) in KEYS.items():
                query = f"select {', '.join(key)}, name from {{}}.{name} order by {', '.join(key)}"
                one = theirs.execute(query.format("public").encode()).fetchall()
                if one != ours.execute(query.format("raw_keyed").encode()).fetchall():
                    found.append(name)
        return found


@pytest.fixture
def keyed(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Keyed:
    monkeypatch.setenv(project.VARIABLE, str(tmp_path))
    return Keyed(tmp_path, databases)


NUMBER = st.integers(0, 11)
STEP = st.tuples(
    st.sampled_from(["insert", "insert", "delete", "rename", "renumber"]), NUMBER, NUMBER
)


def test_raw_equals_its_source_whatever_happened_between(keyed: Keyed) -> None:
    keyed.sync()

    @settings(
        max_examples=25, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(STEP, max_size=12), st.booleans())
    def equal(steps: list[tuple[str, int, int]], verify: bool) -> None:
        keyed.change(steps)
        landings = keyed.sync(verify=verify)
        assert keyed.differing() == []
        assert [each.notices for each in landings if each.notices] == []

    equal()


def test_the_proof_finds_what_no_count_tells(keyed: Keyed) -> None:
    keyed.change([("insert", number, 0) for number in range(40)])
    keyed.sync()
    with psycopg.connect(keyed.target) as connection:
        for name, (_, key) in KEYS.items():
            one = " and ".join(f"{col} = {VALUES[col].format(3)}" for col in key)
            two = " and ".join(f"{col} = {VALUES[col].format(4)}" for col in key)
            new = ", ".join(f"{col} = {VALUES[col].format(77)}" for col in key)
            connection.execute(f"update raw_keyed.{name} set {new} where {one}".encode())
            connection.execute(f"update raw_keyed.{name} set name = 'x' where {two}".encode())
    assert [each for each in keyed.sync() if each.is_change] == []
    assert len(keyed.differing()) == len(KEYS)
    landings = keyed.sync(verify=True)
    assert keyed.differing() == []
    assert [(each.landed, each.deleted) for each in landings] == [(2, 1)] * len(KEYS)
    assert all("3 rows differed" in each.notices[0] for each in landings)
    assert [each for each in keyed.sync(verify=True) if each.is_change or each.notices] == []


@pytest.fixture(scope="module")
def synced(session_databases: Databases, empty_hms: str) -> Pair:
    """Land a source once; do not change it, take `pair`."""
    made = Pair(session_databases.create(empty_hms), session_databases.create())
    made.run(HOSPITAL)
    made.run(
        "insert into hms.departments (id, hospital_id, code, name, kind)"
        " select 1000 + num, 1, 'E' || num, 'More', 'clinical' from generate_series(1, 2000) num"
    )
    made.sync()
    return made


@pytest.fixture
def pair(synced: Pair, databases: Databases) -> Pair:
    """Give copies of a source and of what has landed of it."""
    name = conninfo_to_dict(synced.source)["dbname"]
    made = Pair(databases.create(str(name)), "")
    made.target = databases.create(str(conninfo_to_dict(synced.target)["dbname"]))
    with psycopg.connect(made.target, autocommit=True) as connection:
        # the copy stands for the source itself
        connection.execute(
            b"update almoner.watermarks set server_identity = regexp_replace("
            b"server_identity, '/[0-9]+/', '/' || (select oid from pg_database where datname = "
            + f"'{conninfo_to_dict(made.source)['dbname']}') || '/')".encode()
        )
    return made


STOPS = {
    "a share": (
        "delete from hms.departments where id % 15 = 0",
        r"147 of 2,200 rows of departments",
    ),
    "a tenant's rows": (
        "delete from hms.departments where hospital_id = 2",
        r"100 of 100 rows of demo_2 in departments",
    ),
    "a tenant": (
        "delete from hms.departments where hospital_id = 2 and id > 40;"
        " update hms.departments set hospital_id = 1 where hospital_id = 2;"
        " delete from hms.hospitals where id = 2",
        r"demo_2 has vanished from hospitals",
    ),
    "a truncated table": ("truncate hms.departments cascade", r"2,200 of 2,200 rows"),
    "a small table emptied": ("truncate hms.hospitals cascade", r"2 of 2 rows of hospitals"),
    "every key changed": (
        "update hms.departments set id = id + 100000",
        r"2,200 of 4,400 rows of departments",
    ),
}


@pytest.mark.parametrize("way", STOPS)
def test_many_deletions_stop_and_ask_whatever_their_way(pair: Pair, way: str) -> None:
    statement, message = STOPS[way]
    pair.run(statement)
    with pytest.raises(AlmonerError, match=message) as caught:
        pair.sync()
    assert "--accept-deletions" in caught.value.hint
    with pair.connect() as connection:
        held = db.one(connection, "select count(*) as size from raw_hms.departments")
    assert held["size"] == 2200
    pair.sync(accept_deletions=True)
    assert pair.same("departments")
    assert pair.same("hospitals")


def test_the_sources_before_one_that_lost_its_rows_have_landed(
    pair: Pair, databases: Databases
) -> None:
    other = databases.create(str(conninfo_to_dict(pair.source)["dbname"]))
    configured = Settings(
        sources={
            "demo": Source(system="hms", dsn=pair.source),
            "south": Source(system="hms", dsn=other),
        }
    )
    with pair.connect() as connection:
        sync.sync(connection, configured, releases.open_release(connection))
        with psycopg.connect(other, autocommit=True) as lost:
            lost.execute("truncate hms.departments cascade")
        pair.run("update hms.departments set name = 'new' where id = 1")
        release = releases.open_release(connection)
        with pytest.raises(AlmonerError, match="source south: 2,200 of 2,200 rows"):
            sync.sync(connection, configured, release)
        releases.revert(connection, release, "test")
    with pair.connect() as connection:
        named = db.rows(
            connection, "select source_id, name from raw_hms.departments where id = 1 order by 1"
        )
    assert [tuple(row.values()) for row in named] == [
        ("demo", "new"), ("south", "Department 1"),
    ]  # fmt: skip


def test_a_few_deletions_are_a_matter_of_course(pair: Pair) -> None:
    chosen = random.Random(7).sample(range(1, 200), 20)
    pair.run(f"delete from hms.departments where id = any('{{{','.join(map(str, chosen))}}}')")
    assert pair.sync()["departments"].deleted == 20
