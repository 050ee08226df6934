"""The demo tells its targets once, however often it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from psycopg import sql

from runner import db, landing_only, releases, targets
from runner.demo import command, generator
from runner.demo import targets as demo_targets
from runner.targets import Target
from tests.command import Command
from tests.conftest import Databases

END = date(2026, 10, 4)
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
FIRST = Target("demo_1", MONTHS[0], "all", "USD", Decimal(100))
SECOND = replace(FIRST, month=MONTHS[1])
THIRD = replace(SECOND, tenant="demo_2", currency="XAF")


def test_spoilt_rows_spoil_no_target(databases: Databases) -> None:
    with db.connect(databases.create()) as connection:
        generator.generate(connection, 2, 10, 4, END, 1, dirty=0.1)
        planned = demo_targets.plan(connection, "demo", 10, END)
    assert {(each.tenant, each.currency) for each in planned} == {
        ("demo_1", "USD"),
        ("demo_2", "XAF"),
    }
    assert {each.month for each in planned} == set(MONTHS)
    assert {each.revenue_point for each in planned} == set(demo_targets.POINTS)
    for each in planned:
        targets.check(each)
        assert each.amount is not None
        assert 0 < each.amount < 10**9


def test_targets_are_told_again_only_where_they_changed(databases: Databases) -> None:
    url = databases.create()
    _tell(url, [FIRST, SECOND])
    assert _told(url) == ([FIRST, SECOND], 2)
    _tell(url, [FIRST, SECOND])
    assert _told(url) == ([FIRST, SECOND], 2)
    changed = replace(SECOND, amount=Decimal(300))
    _tell(url, [changed, THIRD])
    assert _told(url) == ([changed, THIRD], 5)


def test_what_people_set_stays_and_removed_tenants_get_none(databases: Databases) -> None:
    url = databases.create()
    theirs = replace(FIRST, amount=Decimal(7))
    landing_only.set_targets(url, [theirs])
    with db.connect(url) as connection:
        connection.execute("insert into almoner.removed_tenants values ('demo_2', 'demo')")
    _tell(url, [FIRST, SECOND, THIRD])
    assert _told(url) == ([theirs, SECOND], 2)


def test_beside_a_build_the_demo_stays_as_it_is(databases: Databases) -> None:
    target, name = databases.create(), sql.Identifier(command.DATABASE)
    drop = sql.SQL("drop database if exists {} with (force)").format(name)
    with db.connect(target) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("create database {}").format(name))
        there = "select oid from pg_database where datname = %s"
        (before,) = db.rows(connection, there, command.DATABASE)
        said = Command.with_project(ALMONER_DSN=target)
        with landing_only.builder(target):
            refused = said.run("demo", "create", "--tenants", "1", "--days", "1")
        assert (refused.exit_code, "another build is running" in refused.err) == (4, True)
        assert db.rows(connection, there, command.DATABASE) == [before]
        connection.execute(drop)


def _tell(url: str, planned: list[Target]) -> None:
    with landing_only.builder(url) as connection:
        demo_targets.tell(connection, "demo", planned)


def _told(url: str) -> tuple[list[Target], int]:
    """Give the targets in force, and how many were ever told."""
    with db.connect(url) as connection:
        releases.prepare(connection)
        kept = db.one(connection, "select count(*) as told from almoner.revenue_targets")["told"]
        return [targets.of(row) for row in targets.listing(connection)], kept
