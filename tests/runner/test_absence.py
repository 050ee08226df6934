"""What a source may lack: an optional table or column lands when it comes, and is not lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner import contracts, landing_only, pending, project, quarantine, status, sync
from runner.errors import ConfigError, ContractError
from runner.landing import Landing
from runner.settings import Settings, Source
from tests.command import Command
from tests.conftest import Databases, Running
from tests.runner.test_contracts import Clinic

AWAY = "alter table receipts rename to receipts_away"
BACK = "alter table receipts_away rename to receipts"
PASSWORD = "only-what-is-granted"


class Ward(Clinic):
    """A clinic whose receipts, and the tax on its lines, are optional."""

    def make_optional(self) -> None:
        self.edit("receipts", optional=True)
        self.edit("bill_lines", "vat", config={"meta": {"optional": True}})

    def run(self, statement: str) -> None:
        """Change the source."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def settings(self) -> Settings:
        return Settings(sources={"hill": Source(system="clinic", dsn=self.source)})

    def land(self, *, accept: bool = False) -> dict[str, Landing]:
        """Land what changed; give the landings of all tables."""
        landings = landing_only.from_sources(self.settings, self.target, accept_deletions=accept)
        self.told = sync.absences(landings)
        return {each.table.name: each for each in landings}

    def held(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.target) as connection:
            return connection.execute(query.encode()).fetchall()

    def absent(self) -> list[str]:
        """Give what the status says that the source lacks."""
        with self.connect() as connection:
            (source,) = status.read(connection, self.settings).sources
        return source.absent


@pytest.fixture
def ward(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Ward:
    monkeypatch.setenv(project.VARIABLE, str(tmp_path))
    made = Ward(tmp_path, databases.create(), databases.create())
    made.make_optional()
    return made


def test_a_source_without_an_optional_table_lands_the_others(ward: Ward) -> None:
    ward.run(AWAY)
    landed = ward.land()
    assert (landed["bills"].landed, landed["receipts"].landed) == (4, 0)
    assert ward.told == ["optional, and not in hill: receipts"]
    assert ward.absent() == ["receipts"]
    assert not any(each.is_change for each in ward.land().values())
    with ward.connect() as connection:
        assert pending.read(connection, ward.settings) == []


def test_an_optional_table_that_comes_later_lands_in_full(ward: Ward) -> None:
    ward.run(AWAY)
    ward.land()
    ward.run(BACK)
    with ward.connect() as connection:
        (coming,) = pending.read(connection, ward.settings)
    assert (coming.table.name, coming.changed) == ("receipts", 3)
    assert ward.land()["receipts"].landed == 3
    assert (ward.told, ward.absent()) == ([], [])
    ward.run("update receipts set amount = 1 where id = 1")
    assert ward.land()["receipts"].landed == 1


def test_a_lost_table_is_not_an_empty_one(ward: Ward) -> None:
    ward.land()
    ward.run(AWAY)
    with pytest.raises(ContractError, match=r"public\.receipts has landed and is not") as caught:
        ward.land()
    assert "`almoner build --accept-deletions` deletes its 3 rows" in caught.value.hint
    with ward.connect() as connection, pytest.raises(ContractError, match="has landed"):
        pending.read(connection, ward.settings)
    ward.run(BACK)
    assert not any(each.is_change for each in ward.land().values())


def test_a_table_that_is_gone_for_good_leaves_with_what_is_set_aside(ward: Ward) -> None:
    ward.run("alter table receipts drop constraint receipts_pkey")
    ward.run("insert into receipts select * from receipts where id = 2")
    assert ward.land()["receipts"].quarantined == 1
    ward.run(AWAY)
    landing = ward.land(accept=True)["receipts"]
    assert (landing.deleted, landing.mended) == (3, 1)
    assert ward.held("select id from feed.raw_clinic__receipts order by 1") == [(1,), (2,), (3,)]
    assert ward.held("select count(*) from raw_clinic.receipts") == [(0,)]
    with ward.connect() as connection:
        assert quarantine.held(connection, "hill") == {}
    assert ward.absent() == ["receipts"]
    assert not any(each.is_change for each in ward.land().values())
    ward.run(BACK)
    assert ward.land()["receipts"].landed == 3


def test_an_optional_table_that_was_empty_may_go(ward: Ward) -> None:
    ward.run("delete from receipts")
    ward.land()
    assert ward.absent() == []
    ward.run("drop table receipts")
    ward.land()
    assert ward.absent() == ["receipts"]


def test_a_table_that_is_not_optional_must_be_there(ward: Ward) -> None:
    ward.run("drop table bill_lines")
    with pytest.raises(ContractError, match=r"public\.bill_lines does not exist"):
        ward.land()


@pytest.fixture
def plain(ward: Ward, embedded: Running) -> Iterator[str]:
    """Give the source as a role that reads what it is granted."""
    name = str(conninfo_to_dict(ward.source)["dbname"])
    with psycopg.connect(embedded.dsn(name, "postgres"), autocommit=True) as superuser:
        superuser.execute(f"create role plain login password '{PASSWORD}'".encode())
        superuser.execute(f"grant connect on database {name} to plain".encode())
        yield make_conninfo(ward.source, user="plain", password=PASSWORD)
        superuser.execute("drop owned by plain; drop role plain")


def test_what_may_not_be_read_is_not_absent(ward: Ward, plain: str) -> None:
    owner, ward.source = ward.source, plain
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("grant select on clinics, bills to plain")
        connection.execute("grant select (id, bill_id, quantity, price) on bill_lines to plain")
        with pytest.raises(ContractError, match=r"bill_lines has no column vat"):
            ward.land()
        connection.execute("grant select on bill_lines to plain")
        with pytest.raises(ContractError, match=r"receipts does not exist or may not be read"):
            ward.land()


def test_an_optional_column_is_null_until_it_comes(ward: Ward) -> None:
    ward.run("alter table bill_lines drop column vat")
    assert ward.land()["bill_lines"].landed == 5
    assert ward.told == ["optional, and not in hill: bill_lines.vat"]
    assert ward.absent() == ["bill_lines.vat"]
    landed = landing_only.from_sources(
        ward.settings, ward.target, accept_deletions=False, verify=True
    )
    assert not any(each.is_change for each in landed), "nulls are what the source has"
    # the rows are not written again for it
    ward.run("alter table bill_lines add column vat numeric(5, 2) not null default 16")
    landing = ward.land()["bill_lines"]
    assert (landing.landed, landing.notices) == (
        5, ("it has other columns than before: read in full",),
    )  # fmt: skip
    assert ward.absent() == []
    assert ward.land()["bill_lines"].notices == ()


def test_a_lost_column_is_not_an_empty_one(ward: Ward) -> None:
    ward.land()
    ward.run("alter table bill_lines drop column vat")
    with pytest.raises(ContractError, match=r"bill_lines\.vat has landed and is not") as caught:
        ward.land()
    assert "`almoner build --accept-deletions` empties it" in caught.value.hint
    assert ward.land(accept=True)["bill_lines"].landed == 5
    assert ward.held("select distinct vat from raw_clinic.bill_lines") == [(None,)]
    assert not any(each.is_change for each in ward.land().values())


def test_only_some_tenants_of_a_source_that_lacks_its_tenants(ward: Ward) -> None:
    ward.edit("clinics", optional=True)
    ward.run("alter table clinics rename to clinics_away")
    listed = Source(system="clinic", dsn=ward.source, tenants=["1"])
    landed = landing_only.from_sources(
        Settings(sources={"hill": listed}), ward.target, accept_deletions=False
    )
    assert {each.table.name: each.landed for each in landed if each.landed} == {
        "bills": 3, "bill_lines": 5, "receipts": 2,
    }  # fmt: skip


def test_files_of_an_optional_table_may_come_later(ward: Ward, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "clinics.csv").write_text(
        "id,tenant_id,title,zone,money\n1,H,Hill,Africa/Nairobi,KES\n"
    )
    configured = Settings(sources={"hill": Source(system="clinic", files=folder)})

    def land() -> list[Landing]:
        return landing_only.from_sources(configured, ward.target, accept_deletions=False)

    assert sync.absences(land()) == ["optional, and not in hill: receipts"]
    assert ward.absent() == ["receipts"]
    (folder / "receipts.csv").write_text("id,clinic_id,amount\n1,1,20\n")
    assert [each.landed for each in land()] == [0, 1]
    assert ward.absent() == []
    (folder / "receipts.csv").unlink()
    assert sync.absences(land()) == []
    assert ward.held("select count(*) from raw_clinic.receipts") == [(1,)], "it is not touched"


def test_the_commands_say_what_is_absent(ward: Ward, tmp_path: Path) -> None:
    ward.run(AWAY)
    (tmp_path / "state").mkdir()
    command = Command(
        tmp_path, {"ALMONER_STATE": str(tmp_path / "state"), "ALMONER_DSN": ward.target}
    )
    command.configure(f"sources: {{hill: {{system: clinic, dsn: '{ward.source}'}}}}")
    absent = "optional, and not in hill: receipts"
    assert command.run("sync").out.splitlines()[-1] == absent
    assert absent in command.run("status").out.splitlines()
    (source,) = json.loads(command.run("status", "--json").out)["sources"]
    assert source["absent"] == ["receipts"]
    (row,) = json.loads(command.run("sync", "--json").out)
    assert (row["table"], row["absent"]) == ("receipts", ["receipts"])


def test_what_rows_need_cannot_be_optional(ward: Ward) -> None:
    ward.edit("bills", "clinic_id", config={"meta": {"optional": True}})
    with pytest.raises(ConfigError, match=r"bills\.clinic_id cannot be optional"):
        contracts.load("clinic")
