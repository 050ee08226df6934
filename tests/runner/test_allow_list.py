"""What a contract does not name never leaves its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runner import contracts
from runner.errors import ContractError
from tests.conftest import Databases, Running
from tests.runner.test_sync import HOSPITAL, Pair

PASSWORD = "narrow-password"
SECRET = "Nobody-Outside-Knows"
PATIENTS = f"""
insert into hms.patients (hospital_id, number, first_name, last_name, email)
select 1, 'N' || num, 'First', 'Last', '{SECRET}' from generate_series(1, 50) as num
"""


@dataclass
class Narrow(Pair):
    """A source read by a role that may see the contract's columns and nothing else."""

    owner: str

    def run(self, statement: str) -> None:
        """Change the source, as its owner."""
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(statement.encode())

    def grant(self, *beside: str) -> None:
        """Let the role read what the contract names, and some system columns."""
        self.run("grant usage on schema hms to narrow")
        for table in contracts.load("hms").tables:
            columns = ", ".join((*(column.source_name for column in table.columns), *beside))
            self.run(f'grant select ({columns}) on hms."{table.source_name}" to narrow')


@pytest.fixture
def narrow(databases: Databases, empty_hms: str, embedded: Running) -> Iterator[Narrow]:
    superuser = embedded.dsn(database="postgres", role="postgres")
    owner = databases.create(empty_hms)
    source = make_conninfo(owner, user="narrow", password=PASSWORD)
    made = Narrow(source, databases.create(), owner)
    name = conninfo_to_dict(owner)["dbname"]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f"create role narrow login password '{PASSWORD}'".encode())
        connection.execute(f"grant connect on database {name} to narrow".encode())
        made.run(HOSPITAL)
        made.run(PATIENTS)
        try:
            yield made
        finally:
            with psycopg.connect(embedded.dsn(str(name), "postgres"), autocommit=True) as inside:
                inside.execute("drop owned by narrow")
            connection.execute("drop owned by narrow; drop role narrow")


def test_a_role_that_sees_no_more_than_the_contract_is_enough(narrow: Narrow) -> None:
    narrow.grant("xmin", "ctid")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        psycopg.connect(narrow.source).execute("select email from hms.patients")
    assert narrow.sync()["patients"].landed == 50
    narrow.run("update hms.patients set gender = 'female' where number = 'N7'")
    narrow.run("delete from hms.patients where number = 'N8'")
    landed = narrow.sync(verify=True)["patients"]
    assert (landed.landed, landed.deleted, landed.rule) == (1, 1, "xmin")
    assert narrow.sync() == {}
    assert _found(narrow.target) == []


def test_without_system_columns_a_table_is_read_in_full(narrow: Narrow) -> None:
    narrow.grant()
    assert narrow.sync()["patients"].landed == 50
    narrow.run("update hms.patients set gender = 'female' where number = 'N7'")
    landed = narrow.sync()["patients"]
    assert (landed.landed, landed.rule, landed.notices) == (1, "whole", ())


def test_a_column_that_may_not_be_read_is_named(narrow: Narrow) -> None:
    narrow.grant("xmin", "ctid")
    narrow.run("revoke select (gender) on hms.patients from narrow")
    with pytest.raises(ContractError, match=r"hms\.patients has no column gender"):
        narrow.sync()


def _found(url: str) -> list[str]:
    """Search every row of an installation for the secret."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert ("raw_hms.patients",) in tables
        for (table,) in tables:
            query = f"select exists (select from {table} as t where t::text like '%{SECRET}%')"
            row = connection.execute(query.encode()).fetchone()
            if row and row[0]:
                found.append(table)
    return found
