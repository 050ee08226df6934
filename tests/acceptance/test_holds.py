"""A tenant that an audit finds fault with is held by itself; the others move on."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from runner import (
    audits,
    db,
    holds,
    pins,
    publication,
    reaudit,
    releases,
    retention,
    tenants,
)
from runner.dbt import Result
from runner.errors import AuditError, ConfigError
from runner.settings import Retention
from tests.acceptance.conftest import Installation
from tests.acceptance.edited import Edited
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

FAULTY, OTHER = "demo_1", "demo_2"
AUDIT = "trial_balances_equal_the_journal"
NEW_HOSPITAL = """
insert into hms.hospitals (id, code, name, time_zone, currency_code)
values (4, 'demo_4', 'Newly opened', 'Europe/Berlin', 'EUR')
"""


def _plant(installation: Installation, amount: int) -> None:
    """Move a tenant's oldest cash movement by an amount, behind the engine's back."""
    with psycopg.connect(installation.target, autocommit=True) as connection:
        moved = connection.execute(
            "update store.account_movements_daily as mov"
            " set debit_amount = debit_amount + %s"
            " where (tenant_id, business_date, account, ledger_account, currency_code) = ("
            " select tenant_id, business_date, account, ledger_account, currency_code"
            " from store.account_movements_daily where tenant_id = %s and account = 'cash'"
            " order by business_date, currency_code limit 1) and retired_in = 2147483647",
            (amount, FAULTY),
        )
        assert moved.rowcount == 1


def _reads(installation: Installation) -> dict[str, int]:
    with installation.connect() as connection:
        return {
            row["tenant_id"]: row["release_id"]
            for row in db.rows(connection, "select tenant_id, release_id from almoner.pointers")
        }


def _seen(installation: Installation, tenant: str) -> dict[str, list[tuple[Any, ...]]]:
    """Give what a tenant reads of every mart."""
    return installation.published(tenant=tenant)


def test_a_tenant_that_fails_an_audit_is_held_by_itself_until_it_passes(
    installation: Installation, databases: Databases
) -> None:
    _plant(installation, 1)
    before, seen = _reads(installation), _seen(installation, FAULTY)
    installation.live(1)
    outcome = installation.build()
    assert {(each.tenant, each.audit) for each in outcome.failures} == {(FAULTY, AUDIT)}
    assert outcome.tenants == len(before) - 1
    assert _reads(installation) == {
        **dict.fromkeys(before, outcome.release),
        FAULTY: before[FAULTY],
    }
    assert _seen(installation, FAULTY) == seen
    held = {each.tenant: each.held_because for each in outcome.amiss}
    assert held[FAULTY] == f"{AUDIT} (1 row)"

    # what was found stays at fault though its models change elsewhere only
    installation.run("update hms.departments set name = name || ' (moved)' where hospital_id = 2")
    assert {each.tenant for each in installation.build().failures} == {FAULTY}
    assert _reads(installation)[FAULTY] == before[FAULTY]

    _plant(installation, -1)
    installation.live(2)
    outcome = installation.build()
    assert outcome.failures == []
    assert _reads(installation) == dict.fromkeys(before, outcome.release)
    fresh = installation.from_nothing(databases)
    assert installation.published() == fresh.published()


def test_an_audit_that_no_tenant_passes_publishes_nothing(installation: Installation) -> None:
    before = _reads(installation)
    installation.live(1)
    with psycopg.connect(installation.target, autocommit=True) as connection:
        connection.execute(
            "update store.account_movements_daily set debit_amount = debit_amount + 1"
        )
    with pytest.raises(AuditError, match=r"test .*trial_balances_equal_the_journal"):
        installation.build()
    assert _reads(installation) == before
    with installation.connect() as connection:
        assert db.rows(connection, "select from almoner.holds") == []


def test_a_changed_mart_has_its_grain_tested(installation: Installation, edited: Edited) -> None:
    before = _reads(installation)
    last = "select * from trial_balance\n"
    twice = f"{last.strip()} union all {last}"
    edited.edit("models/marts/finance/trial_balance.sql", last, twice)
    with pytest.raises(AuditError, match="grain_trial_balance"):
        installation.build()
    assert _reads(installation) == before


def test_rows_without_a_tenant_hold_nobody(installation: Installation) -> None:
    finding = Result("odd", "test", "fail", "", 0.0, 1, "select 1 as number")
    with (
        installation.connect() as connection,
        pytest.raises(AuditError, match="odd: 1 row that belong to no tenant"),
    ):
        audits.of(connection, finding)


def test_a_hold_is_lifted_when_its_audits_pass_or_by_force(installation: Installation) -> None:
    installation.live(1)
    _plant(installation, 1)
    outcome = installation.build()
    with pytest.raises(AuditError, match=f"{FAULTY} stays held: .*{AUDIT}"):
        reaudit.unhold(installation.target, FAULTY)
    assert _reads(installation)[FAULTY] != outcome.release
    _plant(installation, -1)
    assert reaudit.unhold(installation.target, FAULTY) == outcome.release
    assert set(_reads(installation).values()) == {outcome.release}
    with pytest.raises(ConfigError, match=f"{FAULTY} is not held"):
        reaudit.unhold(installation.target, FAULTY)


def test_force_shows_what_is_there(installation: Installation) -> None:
    installation.live(1)
    _plant(installation, 1)
    outcome = installation.build()
    assert reaudit.unhold(installation.target, FAULTY, force=True) == outcome.release


def test_a_tenant_is_held_by_hand(installation: Installation) -> None:
    before, seen = _reads(installation), _seen(installation, OTHER)
    with installation.connect() as connection:
        assert holds.hold(connection, OTHER, "its accountant asks for it") == before[OTHER]
        with pytest.raises(ConfigError, match=f"{OTHER} is held already"):
            holds.hold(connection, OTHER, "again")
        with pytest.raises(ConfigError, match="there is no tenant demo_9"):
            holds.hold(connection, "demo_9", "unknown")
        states = {row["tenant"]: row["state"] for row in tenants.listing(connection)}
        assert states == {**dict.fromkeys(before, "known"), OTHER: "held"}
    installation.live(1)
    first = installation.build()
    assert _reads(installation) == {**dict.fromkeys(before, first.release), OTHER: before[OTHER]}
    assert _seen(installation, OTHER) == seen
    reasons = {each.tenant: each.held_because for each in first.amiss}
    assert reasons[OTHER] == "its accountant asks for it"
    assert reaudit.unhold(installation.target, OTHER) == first.release
    assert _seen(installation, OTHER) != seen


def test_who_is_held_is_held_through_rollbacks(installation: Installation) -> None:
    before = _reads(installation)
    with installation.connect() as connection:
        holds.hold(connection, OTHER, "wait")
    installation.live(1)
    first = installation.build().release
    installation.live(2)
    second = installation.build().release
    assert first is not None
    assert second is not None
    for to, reads in ((first, first), (before[OTHER], before[OTHER]), (second, second)):
        with installation.connect() as connection:
            publication.rollback(connection, to)
        assert _reads(installation) == {**dict.fromkeys(before, reads), OTHER: before[OTHER]}
    # a release at which a tenant was held is read as it was read then
    assert reaudit.unhold(installation.target, OTHER) == second
    with installation.connect() as connection:
        publication.rollback(connection, first)
        assert releases.last_read(connection) == first
    assert _reads(installation)[OTHER] == before[OTHER]


def test_who_is_held_after_a_rollback_does_not_go_forward(installation: Installation) -> None:
    before = _reads(installation)
    installation.live(1)
    newest = installation.build().release
    assert newest is not None
    with installation.connect() as connection:
        publication.rollback(connection, before[OTHER])
        holds.hold(connection, OTHER, "its figures are looked into")
        assert publication.rollback(connection, newest) == len(before) - 1
    assert _reads(installation) == {**dict.fromkeys(before, newest), OTHER: before[OTHER]}


def test_who_was_held_from_its_beginning_is_not_shown_by_a_rollback(
    installation: Installation,
) -> None:
    installation.run(NEW_HOSPITAL)
    with psycopg.connect(installation.target, autocommit=True) as connection:
        connection.execute(
            "insert into almoner.holds (tenant_id, since_release, kind, reason)"
            " values ('demo_4', (select max(release_id) + 1 from almoner.releases), 'manual', '-')"
        )
    held = installation.build().release
    assert held is not None
    assert "demo_4" not in _reads(installation)
    installation.run("update hms.departments set name = name || ' (moved)' where hospital_id = 1")
    shown = installation.build().release
    assert shown is not None
    assert reaudit.unhold(installation.target, "demo_4") == shown
    assert _reads(installation)["demo_4"] == shown
    with installation.connect() as connection:
        publication.rollback(connection, held)
    assert set(_reads(installation).values()) == {held}
    assert "demo_4" not in _reads(installation)
    with installation.connect() as connection:
        publication.rollback(connection, shown)
    assert _reads(installation)["demo_4"] == shown


def test_what_a_lifted_hold_let_read_is_kept_while_a_release_of_that_time_is(
    installation: Installation,
) -> None:
    before = _reads(installation)[OTHER]
    with installation.connect() as connection:
        holds.hold(connection, OTHER, "wait")
    installation.live(1)
    at_hold = installation.build().release
    installation.live(2)
    after = installation.build().release
    assert at_hold is not None
    reaudit.unhold(installation.target, OTHER)
    installation.live(3)
    newest = installation.build().release
    policy = Retention(releases=1, days=0, month_ends=0)
    with installation.connect() as connection:
        pins.pin(connection, at_hold, "an auditor looks at it")
        kept = {each.release_id: each.reasons for each in retention.prune(connection, policy).kept}
        assert kept[before] == ["held"]
        assert set(kept) == {before, at_hold, after, newest}
        with connection.transaction():
            assert releases.read_as(connection, OTHER, at_hold) == before
        pins.unpin(connection, at_hold)
        assert retention.prune(connection, policy).pruned == [at_hold]
        assert retention.prune(connection, policy).pruned == [before]
