"""Names of patients are in one view, for logins that were granted it, and in no mart."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import access, db, publication
from runner.errors import ConfigError, PublicationError
from runner.roles import Role
from tests.acceptance.conftest import Installation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

NAMES = "select patient_id, patient_number, patient_name, phone from patients.names order by 1"


@pytest.fixture(scope="module")
def installation(demo: Installation, session_databases: Databases) -> Installation:
    return Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )


def _login(installation: Installation, role: Role) -> str:
    with installation.connect() as connection:
        return access.grant(connection, installation.target, "demo_1", None, role).dsn


def _ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as session:
        return session.execute(query.encode()).fetchall()


def test_a_granted_login_reads_its_tenants_names(installation: Installation) -> None:
    known = _ask(
        installation.source,
        "select id, number, concat_ws(' ', first_name, last_name), phone from hms.patients"
        " where hospital_id = 1 order by 1",
    )
    url = _login(installation, Role("accountant", patient_names=True))
    assert _ask(url, NAMES) == known
    assert len(known) > 100
    with installation.connect() as connection:
        publication.check_gate(connection)
        access.revoke(connection, str(conninfo_to_dict(url)["user"]))


def test_a_role_with_a_scope_is_granted_none(installation: Installation) -> None:
    with pytest.raises(ConfigError, match="no scope"):
        _login(installation, Role("doctor", (), 1, patient_names=True))


def test_no_mart_has_a_name_or_a_phone_number(demo: Installation) -> None:
    rows = _ask(demo.source, "select concat_ws(' ', first_name, last_name), phone"
                             " from hms.patients")  # fmt: skip
    personal = {value for row in rows for value in row if value}
    shown = {
        value
        for found in demo.published().values()
        for row in found
        for value in row
        if isinstance(value, str)
    }
    assert len(personal) > 100
    assert not personal & shown


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("grant select on patients.names to almoner_administrator", "open to others"),
        ("grant select (phone) on patients.names to public", "names.phone"),
        ("grant insert on patients.names to almoner_patient_names", "INSERT"),
        ("grant usage on schema patients to almoner_reader", "schema patients"),
        ("alter view patients.names set (security_barrier = false)", "barrier"),
        ("grant almoner_patient_names to almoner_auditor", "member of almoner_patient_names"),
        (
            "create view marts.phones with (security_barrier) as"
            " select phone from pub.dim_patient_names",
            "reads who patients are",
        ),
    ],
)
def test_the_gate_finds_names_that_are_open(
    installation: Installation, fault: str, named: str
) -> None:
    with installation.connect() as connection:
        publication.check_gate(connection)
        with connection.transaction(force_rollback=True):
            connection.execute(fault.encode())
            told = db.rows(connection, db.script("gate"))
            assert any(named in f"{row['object']} {row['fault']}" for row in told)
            with pytest.raises(PublicationError, match="isolation is not intact"):
                publication.check_gate(connection)
