"""What `almoner plan` says is what a build then does; and what a build refuses beforehand."""

from __future__ import annotations

import os

import psycopg
import pytest

from runner import build, forecast, room, settings
from runner.dbt import Result
from runner.errors import DatabaseError, PublicationError
from runner.forecast import Forecast
from runner.planning import Step
from runner.progress import Silent
from tests.acceptance.conftest import Installation
from tests.acceptance.edited import Edited

pytestmark = pytest.mark.acceptance


def plan(installation: Installation) -> Forecast:
    with installation.connect() as connection:
        return forecast.read(connection, installation.target, installation.settings, full=False)


def reasons(found: Forecast) -> dict[str, str]:
    return {each.step.node.name: each.step.reason for each in found.expected}


class Heard(Silent):
    """Keeps what a build planned and ran."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.ran_nodes: set[str] = set()

    def planned(self, steps: object) -> None:
        assert isinstance(steps, list)
        self.steps = steps

    def ran(self, result: object) -> None:
        assert isinstance(result, Result)
        if result.kind != "test":
            self.ran_nodes.add(result.name)


def written(installation: Installation) -> list[tuple[int, ...]]:
    """Count what a build would write to the control tables and the raw ones."""
    with psycopg.connect(installation.target) as connection:
        return connection.execute(
            "select (select last_value from almoner.release_numbers),"
            " (select count(*) from almoner.releases), (select count(*) from almoner.feed_log),"
            " (select count(*) from almoner.landings), (select count(*) from almoner.definitions),"
            " (select count(*) from raw_hms.payments)"
        ).fetchall()


def test_a_plan_is_what_the_build_does_and_writes_nothing(installation: Installation) -> None:
    installation.build()  # which finds nothing in the copied source
    assert plan(installation) == Forecast([], [], [])
    installation.run("update hms.invoice_items set quantity = quantity + 1 where id in (3, 4)")
    before = written(installation)
    found = plan(installation)
    assert written(installation) == before
    assert [(each.table.name, each.changed) for each in found.pending] == [("invoice_items", 2)]
    assert reasons(found)["fct_postings"].startswith("inputs changed: ")
    assert "hms.invoice_items" in reasons(found)["fct_postings"]
    assert {each.step.mode for each in found.expected} == {"incremental"}
    assert next(each.rows for each in found.expected if each.step.node.name == "fct_postings")

    heard = Heard()
    installation.build()  # parses what the next one keeps
    installation.run("update hms.invoice_items set quantity = quantity - 1 where id in (3, 4)")
    foreseen = plan(installation)
    assert installation.builder.build(heard).release is not None
    told = [(step.node.name, step.mode, step.reason) for step in heard.steps]
    assert told == [
        (each.step.node.name, each.step.mode, each.step.reason) for each in foreseen.expected
    ]
    assert heard.ran_nodes == {name for name, _, _ in told}
    assert plan(installation) == Forecast([], [], [])


def test_reasons_and_changes_of_an_edited_project(
    installation: Installation, edited: Edited
) -> None:
    edited.add("origin", "text", "'web'")
    edited.edit("macros/accounting/business_date.sql", "{% macro", "{# other #}\n{% macro")
    edited.edit("seeds/revenue_point_rules.csv", "own_app,dispensary", "own_app,chemist")
    edited.edit("models/staging/hms/stg_hms__payers.sql", "select", "select /* other */")
    mart = "models/marts/finance/dept_revenue_daily"
    edited.edit(f"{mart}.yml", "- name: department_name", "- name: department_title")
    for suffix in (".sql", ".yml"):
        (edited.root / f"models/marts/finance/ar_aging{suffix}").unlink()
    found = plan(installation)
    why = reasons(found)
    assert why["stg_hms__payers"] == "SQL changed"
    assert why["revenue_point_rules"] == "SQL changed"
    assert why["fct_invoices"].split(", ")[:2] == ["SQL changed", "column origin added"]
    assert "seed revenue_point_rules changed" in why["fct_invoices"]
    assert "view stg_hms__payers changed (SQL)" in why["fct_invoices"]
    changed = {(each.node, each.what): each for each in found.changes}
    assert not changed["fct_invoices", "column origin added"].is_breaking
    assert changed["ar_aging", "mart removed"].is_breaking
    assert not changed["ar_aging", "mart removed"].is_refused
    removed = changed["dept_revenue_daily", "column department_name removed"]
    assert removed.is_refused
    heard = Heard()
    with pytest.raises(PublicationError, match="column department_name removed") as refused:
        installation.builder.build(heard)
    assert (refused.value.hint, heard.ran_nodes) == (removed.advice, set())


@pytest.mark.skipif(
    "ALMONER_TEST_DSN" in os.environ, reason="the disk of a server of the user's is not looked at"
)
def test_a_build_wants_room_before_it_writes(installation: Installation) -> None:
    full = settings.Settings(sources=installation.settings.sources, min_free_mb=2**40)
    before = written(installation)
    with pytest.raises(DatabaseError, match=r"a build may take .* MB are free"):
        build.Builder(full, installation.target).build(Silent())
    assert written(installation) == before


def test_the_room_to_compute_in_is_that_of_the_tables(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.connect() as connection:
        monkeypatch.setattr(room.Room, "require", lambda _, what, needed: asked.append(needed))
        asked: list[int] = []
        for models in ([], ["fct_invoices"], ["fct_invoices", "fct_postings"], ["not_made_yet"]):
            room.Room(None, 0).require_computing(connection, models)
    one, two, raw = asked
    assert 0 < one < two
    assert raw > 0
