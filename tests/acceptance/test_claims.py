"""An API's login sees what a signed claim names, and nothing without one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import access, claims, db, publication
from runner.errors import ConfigError
from runner.roles import API, Role
from tests.acceptance.conftest import Installation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

SOON = timedelta(minutes=5)
TENANTS = "select distinct tenant_id from marts.dept_revenue_daily"


@pytest.fixture(scope="module")
def installation(demo: Installation, session_databases: Databases) -> Installation:
    return Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )


@pytest.fixture(scope="module")
def session(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    """Log in as an API does."""
    with installation.connect() as connection:
        url = access.grant(connection, installation.target, None, None, API).dsn
    with psycopg.connect(url, autocommit=True) as session:
        yield session


def _make(installation: Installation, tenant: str = "demo_1", **options: Any) -> str:
    with installation.connect() as connection:
        return claims.make(connection, tenant, Role(**options), SOON)


def _seen(session: psycopg.Connection[Any], claim: str, query: str = TENANTS) -> list[Any]:
    with session.transaction():
        session.execute("select set_config('almoner.claim', %s, true)", (claim,))
        return session.execute(query.encode()).fetchall()


def test_a_claim_names_the_tenant(
    installation: Installation, session: psycopg.Connection[Any]
) -> None:
    assert _seen(session, _make(installation)) == [("demo_1",)]
    assert _seen(session, _make(installation, "demo_2")) == [("demo_2",)]
    assert session.execute(TENANTS.encode()).fetchall() == []
    with installation.connect() as connection:
        publication.check_gate(connection)


def test_a_claim_has_the_rights_of_its_role(
    installation: Installation, session: psycopg.Connection[Any]
) -> None:
    departments = "select distinct department_id from marts.dept_revenue_daily order by 1"
    head = _make(installation, name="department_head", departments=(1, 2))
    doctor = _make(installation, name="doctor", practitioner=1)
    assert _seen(session, head, departments) == [(1,), (2,)]
    assert _seen(session, doctor, departments) == []
    for claim, whole in ((head, []), (doctor, []), (_make(installation, name="auditor"), [(1,)])):
        query = "select 1 from marts.trial_balance where as_of_date = '2026-10-31' limit 1"
        assert _seen(session, claim, query) == whole


def _spoilt(claim: str) -> dict[str, str]:
    tenant, role, expiry, mac = claim.split("|")
    key = secrets.token_bytes(64)
    body = f"{tenant}|{role}|{expiry}"
    return {
        "another tenant's": f"demo_2|{role}|{expiry}|{mac}",
        "another role": f"{tenant}|administrator|{expiry}|{mac}",
        "a wider scope": f"{tenant}|department_head:1,2,3|{expiry}|{mac}",
        "a later expiry": f"{tenant}|{role}|{int(expiry) + 1}|{mac}",
        "a longer expiry": f"{tenant}|{role}|{expiry}0|{mac}",
        "one digit cut off": claim[:-1],
        "one digit changed": claim[:-1] + ("0" if claim[-1] != "0" else "1"),
        "without a signature": f"{body}|",
        "without its parts": mac,
        "with a part more": f"{claim}|",
        "of a key of one's own": f"{body}|{hmac.new(key, body.encode(), 'sha256').hexdigest()}",
        "a plain digest": f"{body}|{hashlib.sha256(body.encode()).hexdigest()}",
        "in capitals": f"{body}|{mac.upper()}",
        "an expiry that is no number": f"{tenant}|{role}|never|{mac}",
        "empty": "",
    }


def test_no_spoilt_claim_shows_a_row(
    installation: Installation, session: psycopg.Connection[Any]
) -> None:
    claim = _make(installation, name="department_head", departments=(1,))
    assert _seen(session, claim)
    for what, spoilt in _spoilt(claim).items():
        assert spoilt != claim, what
        assert _seen(session, spoilt) == [], what


def test_an_expired_claim_shows_nothing(
    installation: Installation, session: psycopg.Connection[Any]
) -> None:
    with installation.connect() as connection:
        claims.make(connection, "demo_1", Role(), SOON)  # so that there is a key
        newest = db.rows(connection, "select secret from almoner.claim_keys order by key_id")[-1]
    now = datetime.now(UTC)
    for age, seen in ((-SOON, [("demo_1",)]), (timedelta(seconds=1), [])):
        claim = claims.sign(newest["secret"], "demo_1", Role(), now - age)
        assert _seen(session, claim) == seen


def test_two_keys_are_valid(installation: Installation, session: psycopg.Connection[Any]) -> None:
    first = _make(installation)
    with installation.connect() as connection:
        claims.rotate(connection)
        second = claims.make(connection, "demo_1", Role(), SOON)
        assert _seen(session, first) == _seen(session, second) == [("demo_1",)]
        claims.rotate(connection)
    assert _seen(session, first) == []
    assert _seen(session, second) == [("demo_1",)]


def test_a_bi_login_gains_nothing_by_a_claim(installation: Installation) -> None:
    with psycopg.connect(installation.login("demo_1"), autocommit=True) as session:
        assert _seen(session, _make(installation, "demo_2")) == [("demo_1",)]


@pytest.mark.parametrize(
    "statement",
    [
        "select secret from almoner.claim_keys",
        "select almoner.claimed()",
        "select * from almoner.readers",
        "set role almoner_administrator",
        "select * from store.fct_postings",
    ],
)
def test_an_api_login_may_not(session: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement.encode())


def test_a_claim_is_for_a_tenant_there_is_and_not_for_ever(installation: Installation) -> None:
    with installation.connect() as connection:
        with pytest.raises(ConfigError, match="no tenant"):
            claims.make(connection, "demo_9", Role(), SOON)
        with pytest.raises(ConfigError, match="cannot last"):
            claims.make(connection, "demo_1", Role(), timedelta(days=2))
        with pytest.raises(ConfigError, match="needs a department"):
            claims.make(connection, "demo_1", Role("department_head"), SOON)
