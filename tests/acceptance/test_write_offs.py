"""Write-offs that are asked for and decided in Almoner, from the request to the marts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from runner import (
    db,
    decisions,
    forecast,
    publication,
    releases,
    rights,
    tenants,
    trace,
    write_offs,
)
from runner.errors import ConfigError, WriteOffError
from runner.write_offs import Request
from tests.acceptance.conftest import Installation
from tests.command import Command

TENANT = "demo_1"
APPROVERS = [f"approver.{number}" for number in range(8)]
REQUESTS, INVOICES = 500, 25
ONE = Decimal("0.01")
KEPT = ("write_offs", "write_off_decisions", "write_off_reversals", "write_off_rights")
OPEN = (
    "select invoice_id, share, sum(case debit_account when 'receivable' then amount"
    " else -amount end) as amount from core.fct_postings"
    " where tenant_id = %s and invoice_id is not null and 'receivable' in"
    " (debit_account, credit_account) group by invoice_id, share"
    " having sum(case debit_account when 'receivable' then amount else -amount end) > 20"
    " order by invoice_id, share"
)

RECOVERED = (
    "insert into hms.write_offs (hospital_id, invoice_id, category, share, currency_code,"
    " exchange_rate, amount, status, requested_by, approved_by, requested_at, decided_at)"
    " select hospital_id, id, 'recovery', '{1}', currency_code, exchange_rate, {2}, 'approved',"
    " 1, 2, now(), now() from hms.invoices where id = {0}"
)


@pytest.fixture
def connection(installation: Installation) -> Iterator[db.Connection]:
    """Connect to a copy in which `anna` may ask and the approvers may decide."""
    with installation.connect() as made:
        rights.change(made, TENANT, "anna", ["request"], is_granted=True)
        for who in APPROVERS:
            rights.change(made, TENANT, who, ["request", "approve"], is_granted=True)
        yield made


def _open(connection: db.Connection) -> list[tuple[int, str, Decimal]]:
    """List what shares of invoices have open, as the journal has it."""
    found = db.rows(connection, OPEN, TENANT)
    return [(row["invoice_id"], row["share"], row["amount"]) for row in found]


def _ask(
    connection: db.Connection,
    invoice: int,
    share: str,
    amount: Decimal,
    category: str = "bad_debt",
) -> int:
    asked = Request(TENANT, invoice, share, category, amount, "moved away")
    return write_offs.request(connection, asked, "anna")


def _measures(installation: Installation) -> dict[str, Any]:
    """Give what a write-off moves, and what it must not."""
    found = installation.published()
    names = {mart.name: [each.name for each in mart.columns] for mart in installation.marts()}
    rows = {
        mart: [dict(zip(names[mart], row, strict=True)) for row in found[mart]]
        for mart in ("collections_daily", "trial_balance", "write_offs", "write_off_summary")
    }
    return rows | {"excessive_write_offs": found["excessive_write_offs"]}


def test_approvers_who_race_never_approve_twice_nor_more_than_is_open(
    installation: Installation, connection: db.Connection
) -> None:
    before = _measures(installation)
    chance = random.Random(7)
    places = _open(connection)[:INVOICES]
    asked = {
        _ask(connection, invoice, share, (amount * chance.randint(5, 30) / 100).quantize(ONE))
        : (invoice, share)
        for invoice, share, amount in places
        for _ in range(REQUESTS // INVOICES)
    }  # fmt: skip
    assert len(asked) == REQUESTS

    def approve(who: str) -> list[int]:
        order = random.Random(who).sample(sorted(asked), REQUESTS)
        done = []
        with db.connect(installation.target) as own:
            for number in order:
                try:
                    decisions.approve(own, number, who, "")
                    done.append(number)
                except WriteOffError:
                    pass
        return done

    with ThreadPoolExecutor(len(APPROVERS)) as pool:
        done = dict(zip(APPROVERS, pool.map(approve, APPROVERS), strict=True))
    told = [(number, who) for who, numbers in done.items() for number in numbers]
    listed = write_offs.listing(connection, TENANT)
    kept = [(row["write_off_id"], row["decided_by"]) for row in listed if row["decided_by"]]
    assert sorted(told) == sorted(kept)  # each was told to one approver, and is theirs
    assert sum(bool(numbers) for numbers in done.values()) > 1
    left = {(invoice, share): amount for invoice, share, amount in places}
    for row in listed:
        if row["status"] == "approved":
            left[row["invoice_id"], row["share"]] -= row["amount"]
    assert min(left.values()) >= 0
    # none was refused that would still fit
    pending = [row for row in listed if row["status"] == "pending"]
    assert pending
    assert all(row["amount"] > left[row["invoice_id"], row["share"]] for row in pending)
    for (invoice, share), amount in left.items():
        found = write_offs.outstanding(connection, TENANT, invoice, share)
        assert found["amount"] == amount
    _posts_what_was_approved(installation, connection, before, left)


def _amount(measures: dict[str, Any], status: str) -> Decimal:
    rows = [row for row in measures["write_off_summary"] if row["status"] == status]
    return sum((row["amount"] for row in rows), Decimal(0))


def _posts_what_was_approved(
    installation: Installation,
    connection: db.Connection,
    before: dict[str, Any],
    left: dict[tuple[int, str], Decimal],
) -> None:
    assert write_offs.waiting(connection) == REQUESTS
    planned = forecast.read(connection, installation.target, installation.settings, full=False)
    reasons = {each.step.node.name: each.step.reason for each in planned.expected}
    assert "almoner.landed_write_offs" in reasons["fct_adjustments"]
    with releases.builder(connection):  # a build that is killed has taken them, and loses none
        release = releases.open_release(connection)
        assert write_offs.land(connection, release) == REQUESTS
        assert write_offs.land(connection, release) == 0
        releases.revert(connection, release, "killed")
    assert installation.build().release is not None
    assert write_offs.waiting(connection) == 0
    assert releases.landings(connection, release)[0]["rows_landed"] == REQUESTS
    after = _measures(installation)
    assert after["excessive_write_offs"] == before["excessive_write_offs"]
    assert after["collections_daily"] == before["collections_daily"]
    listed = write_offs.listing(connection, TENANT)
    own = {row["adjustment_id"]: row for row in after["write_offs"] if row["adjustment_id"] < 0}
    for row in listed:
        mart = own.pop(-row["write_off_id"])
        assert mart["status"] == row["status"]
        assert mart["is_posted"] == (row["status"] == "approved")
        assert (mart["amount"], mart["requester"]) == (row["amount"], "anna")
        assert mart["approver"] == row["decided_by"]
    assert not own
    for status in ("approved", "pending"):
        grown = _amount(after, status) - _amount(before, status)
        assert grown == sum(row["amount"] for row in listed if row["status"] == status)
    for (invoice, share), amount in left.items():  # published, or approved since: once
        assert write_offs.outstanding(connection, TENANT, invoice, share)["amount"] == amount
    now = {(invoice, share): amount for invoice, share, amount in _open(connection)}
    assert all(now.get(place, amount) == amount for place, amount in left.items())
    with releases.builder(connection):
        publication.rollback(connection, 1)
    for (invoice, share), amount in left.items():
        assert write_offs.outstanding(connection, TENANT, invoice, share)["amount"] == amount


def test_each_step_is_kept_and_told(installation: Installation, connection: db.Connection) -> None:
    invoice, share, amount = _open(connection)[0]
    command = Command.with_project(ALMONER_DSN=installation.target)

    def writeoff(*arguments: str) -> tuple[int, str]:
        said = command.run("writeoff", *arguments)
        return said.exit_code, said.out + said.err

    def ask(*arguments: str, tenant: str = TENANT, number: int = invoice) -> tuple[int, str]:
        return writeoff(
            "request", "--tenant", tenant, "--invoice", str(number), "--share", share,
            "--category", "SMALL_BALANCE", *arguments,
        )  # fmt: skip

    why = ("--reason", "moved away")
    assert ask("--amount", "7", *why, "--as", "anna")[0] == 0
    assert ask("--amount", "5", *why, "--as", APPROVERS[0])[0] == 0
    for code, told, said in (
        (2, "there is no tenant", ask("--amount", "1", *why, tenant="demo_99")),
        (2, "no issued invoice", ask("--amount", "1", *why, "--as", "anna", number=987654)),
        (2, "exceeds what", ask("--amount", str(amount + 1), *why, "--as", "anna")),
        (2, "is no amount", ask("--amount", "1.005", *why, "--as", "anna")),
        (2, "is no amount", ask("--amount", "-1", *why, "--as", "anna")),
        (2, "is no amount", ask("--amount", "NaN", *why, "--as", "anna")),
        (2, "is no amount", ask("--amount", "1e40", *why, "--as", "anna")),
        (2, "needs a reason", ask("--amount", "1", "--reason", " ", "--as", "anna")),
        (2, "cannot be a principal", ask("--amount", "1", *why, "--as", "Anna")),
        (2, "may not request", ask("--amount", "1", *why, "--as", "zoe")),
        (2, "may not approve", writeoff("approve", "1", "--as", "anna")),
        (2, "somebody else decides", writeoff("approve", "2", "--as", APPROVERS[0])),
        (2, "somebody else decides", writeoff("reject", "2", *why, "--as", APPROVERS[0])),
        (2, "anna asked for it", writeoff("cancel", "1", *why, "--as", APPROVERS[0])),
        (2, "no write-off 3", writeoff("approve", "3", "--as", APPROVERS[1])),
        (0, "is approved", writeoff("approve", "1", "--as", APPROVERS[1])),
        (2, "it was approved", writeoff("approve", "1", "--as", APPROVERS[2])),
        (2, "it was approved", writeoff("cancel", "1", *why, "--as", "anna")),
        (2, "it is pending", writeoff("reverse", "2", *why, "--as", APPROVERS[1])),
        (2, "needs a reason", writeoff("reverse", "1", "--reason", " ", "--as", APPROVERS[1])),
        (2, "may not approve", writeoff("reverse", "1", *why, "--as", "anna")),
        (0, "is reversed", writeoff("reverse", "1", "--reason", "paid", "--as", APPROVERS[2])),
        (2, "it was reversed by approver.2", writeoff("reverse", "1", *why, "--as", APPROVERS[1])),
        (2, "it was reversed", writeoff("approve", "1", "--as", APPROVERS[1])),
        (0, "is cancelled", writeoff("cancel", "2", *why, "--as", APPROVERS[0])),
        (0, "no longer approve", writeoff("revoke", TENANT, APPROVERS[2], "--approve")),
        (2, "name --request", writeoff("revoke", TENANT, APPROVERS[2])),
    ):  # fmt: skip
        assert (code, told in said[1]) == (said[0], True), said
    ask("--amount", "3", *why, "--as", "anna")
    assert "may not approve" in writeoff("approve", "3", "--as", APPROVERS[2])[1]
    assert writeoff("reject", "3", "--reason", "pays in May", "--as", APPROVERS[1])[0] == 0
    shown = json.loads(writeoff("show", "3", "--json")[1])
    assert [
        (step["step"], step["taken_by"], step["login"], step["reason"]) for step in shown["steps"]
    ] == [
        ("requested", "anna", "almoner", "moved away"),
        ("rejected", APPROVERS[1], "almoner", "pays in May"),
    ]
    assert shown["steps"][0]["business_date"] == str(_business_date(connection))
    listed = json.loads(writeoff("list", "--tenant", TENANT, "--json")[1])
    assert [row["status"] for row in listed] == ["rejected", "cancelled", "reversed"]
    of_status = json.loads(writeoff("list", "--status", "reversed", "--json")[1])
    assert [row["write_off_id"] for row in of_status] == [1]
    assert json.loads(writeoff("list", "--status", "approved", "--json")[1]) == []
    reversed_steps = json.loads(writeoff("show", "1", "--json")[1])["steps"]
    assert [(step["step"], step["taken_by"], step["reason"]) for step in reversed_steps] == [
        ("requested", "anna", "moved away"),
        ("approved", APPROVERS[1], None),
        ("reversed", APPROVERS[2], "paid"),
    ]
    _is_only_added_to(connection)


def _business_date(connection: db.Connection) -> date:
    """T1: give the tenant's day."""
    row = db.one(connection, "select * from core.dim_tenants where tenant_id = %s", TENANT)
    local = datetime.now(UTC).astimezone(ZoneInfo(row["time_zone"]))
    return (local - timedelta(minutes=row["day_cutoff_minutes"])).date()


def _is_only_added_to(connection: db.Connection) -> None:
    """Nobody changes a step, not even the owner; a tenant that is removed takes its own along."""
    for table in KEPT:
        for statement in ("update almoner.{} set tenant_id = 'x'", "delete from almoner.{}"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(statement.format(table).encode())
    with pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("truncate almoner.write_off_rights")
    with releases.builder(connection):
        tenants.remove(connection, TENANT)
    for table in KEPT:
        query = f"select count(*) as size from almoner.{table}"
        assert db.one(connection, query)["size"] == 0


def test_what_is_reversed_is_open_again_from_that_day_on(
    installation: Installation, connection: db.Connection
) -> None:
    """R2, V3: before a build has the approval, the reversal or both; and after each."""
    (invoice, share, amount), (other, part, whole) = _open(connection)[:2]

    def left(number: int = invoice, of: str = share) -> Decimal:
        found: Decimal = write_offs.outstanding(connection, TENANT, number, of)["amount"]
        return found

    def write_off(number: int, of: str, asked: Decimal) -> int:
        made = _ask(connection, number, of, asked)
        decisions.approve(connection, made, APPROVERS[0], "")
        return made

    before = _measures(installation)
    today = (_business_date(connection),)
    published = installation.published(days=today)
    posted, quick = write_off(invoice, share, amount), write_off(other, part, whole)
    assert (left(), left(other, part)) == (0, 0)
    assert decisions.reverse(connection, quick, APPROVERS[1], "paid")["status"] == "reversed"
    assert (left(), left(other, part)) == (0, whole)
    first = installation.build()
    assert write_offs.waiting(connection) == 0
    assert (left(), left(other, part)) == (0, whole)
    assert _balance(connection, invoice, share) == 0
    decisions.reverse(connection, posted, APPROVERS[1], "paid")
    assert left() == amount
    again = write_off(invoice, share, ONE)
    assert left() == amount - ONE
    decisions.reverse(connection, again, APPROVERS[1], "paid")
    assert write_offs.waiting(connection) == 2
    second = installation.build()
    assert first.release is not None
    assert second.release is not None
    _is_recorded_apart(connection, posted, first.release)
    assert (left(), left(other, part)) == (amount, whole)
    assert _balance(connection, invoice, share) == amount
    with releases.builder(connection):
        publication.rollback(connection, first.release)
    assert (left(), left(other, part)) == (amount, whole)
    with releases.builder(connection):
        publication.rollback(connection, second.release)
    _is_taken_back(installation, connection, before)
    key = {"tenant_id": TENANT, "business_date": str(today[0])}
    traced = trace.trace(connection, "revenue_by_payer", key, "write_off_amount")
    assert (traced.figure, traced.count) == (0, 6)
    assert {row["raw"] for row in traced.rows} == {
        f"almoner.write_offs {number}{reversal}"
        for number in (posted, quick, again)
        for reversal in ("", f", almoner.write_off_reversals {number}")
    }
    for mart in ("ar_aging", "ar_roll_forward", "dues_by_patient"):
        assert installation.published(days=today)[mart] == published[mart] != []
    assert installation.recomputed() == []


def _is_recorded_apart(connection: db.Connection, write_off: int, release: int) -> None:
    """R1, R2: a reversal is recorded when it was made, and leaves the posting of its approval."""
    found = write_offs.find(connection, write_off)
    postings = db.rows(
        connection,
        "select is_reversal, recorded_at, released_in from store.fct_postings where tenant_id = %s"
        " and document_type = 'adjustment' and document_id = %s order by is_reversal",
        TENANT,
        -write_off,
    )
    assert [tuple(row.values()) for row in postings] == [
        (False, found["decided_at"], release),
        (True, found["reversed_at"], releases.last_published(connection)),
    ]


def _balance(connection: db.Connection, invoice: int, share: str) -> Decimal:
    """Give what a share of an invoice has open in the journal."""
    found: Decimal = db.one(
        connection,
        "select sum(case debit_account when 'receivable' then amount else -amount end) as amount"
        " from core.fct_postings where tenant_id = %s and invoice_id = %s and share = %s"
        " and 'receivable' in (debit_account, credit_account)",
        TENANT,
        invoice,
        share,
    )["amount"]
    return found


def test_what_was_recovered_is_not_open_again(
    installation: Installation, connection: db.Connection
) -> None:
    invoice, share, amount = next(
        (invoice, share, amount)
        for invoice, share, amount in _open(connection)
        if not write_offs.outstanding(connection, TENANT, invoice, share)["given_up_amount"]
    )
    number = _ask(connection, invoice, share, amount - 3)
    others = [
        _ask(connection, invoice, share, Decimal(size), category)
        for size, category in ((1, "charity_care"), (2, "contractual_adjustment"))
    ]
    for asked in (number, *others):
        decisions.approve(connection, asked, APPROVERS[0], "")
    installation.run(RECOVERED.format(invoice, share, amount - 3))
    installation.build()
    for other in others:  # what they gave up was not recovered
        with pytest.raises(WriteOffError, match=r"only 0\.00 is written off and not rec"):
            decisions.reverse(connection, number, APPROVERS[1], "paid")
        decisions.reverse(connection, other, APPROVERS[1], "not entitled")
    installation.run(
        "update hms.write_offs set reversed_at = now() where category = 'recovery'"
        f" and invoice_id = {invoice}"
    )
    installation.build()
    assert decisions.reverse(connection, number, APPROVERS[1], "paid")["status"] == "reversed"
    assert write_offs.outstanding(connection, TENANT, invoice, share)["amount"] == amount


def _is_taken_back(
    installation: Installation, connection: db.Connection, before: dict[str, Any]
) -> None:
    """Each of three postings has its reversal of the day, and nothing is left of them."""
    day = _business_date(connection)
    after = _measures(installation)
    own = [row for row in after["write_offs"] if row["adjustment_id"] < 0]
    assert [(row["status"], row["is_posted"], row["is_reversed"]) for row in own] == [
        ("approved", True, True)
    ] * 3
    assert {row["reversal_date"] for row in own} == {day}
    for measure in ("amount", "posted_amount", "reversed_amount"):
        grown = sum(row[measure] for row in after["write_off_summary"]) - sum(
            row[measure] for row in before["write_off_summary"]
        )
        assert grown == sum(row["amount"] for row in own)
    assert after["excessive_write_offs"] == before["excessive_write_offs"]
    assert after["collections_daily"] == before["collections_daily"]
    postings = db.rows(
        connection,
        "select document_id, is_reversal, debit_account, credit_account, business_date"
        " from core.fct_postings where tenant_id = %s and document_type = 'adjustment'"
        " and document_id < 0",
        TENANT,
    )
    assert len(postings) == 6
    for row in postings:
        accounts = (row["debit_account"], row["credit_account"])
        assert accounts == (
            ("receivable", "write_offs") if row["is_reversal"] else ("write_offs", "receivable")
        )
        assert row["business_date"] == day


def test_a_tenant_that_reads_nothing_has_nothing_to_write_off(connection: db.Connection) -> None:
    with pytest.raises(ConfigError, match="nothing is published"):
        write_offs.outstanding(connection, "demo_99", 1, "patient")
