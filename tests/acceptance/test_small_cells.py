"""Counts of patients: a tenant's policy withholds the small ones, from every reader at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bench.reliability import small_cells
from bench.reliability.attacker import Attacker, Cell
from runner import access, db, landing_only, policies, publication, releases
from runner.errors import ConfigError
from runner.roles import Role
from tests.acceptance.conftest import Installation, Published
from tests.acceptance.edited import Edited
from tests.acceptance.test_marts_equal_the_oracle import COUNTS, Reader
from tests.command import Command
from tests.conftest import Databases
from tests.oracle.journal import Books
from tests.oracle.records import read_tables

pytestmark = pytest.mark.acceptance

TENANT, MINIMUM = "demo_1", 5
MARTS = {report.__name__ for report in COUNTS} | {"volume_vs_revenue"}
FIGURES = ("visit_count", "patient_count")


@pytest.fixture(scope="module")
def withheld(demo: Installation, session_databases: Databases) -> Installation:
    """Give the demo with a policy of one tenant, published; tests only read it."""
    made = Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )
    assert landing_only.policy(made.target, TENANT, MINIMUM)
    assert made.build().release is not None
    return made


def _of(found: Published, *, ours: bool) -> Published:
    """Give the rows of the tenant with the policy, or those of the others."""
    return {
        mart: [row for row in rows if (row[0] == TENANT) == ours] for mart, rows in found.items()
    }


def test_a_policy_is_released_and_rolled_back_like_any_other_input(
    installation: Installation, shown: Published
) -> None:
    assert landing_only.policy(installation.target, TENANT, MINIMUM)
    assert not landing_only.policy(installation.target, TENANT, MINIMUM)  # is so already
    assert installation.shows(shown)  # a policy that is told is not in force yet
    release = installation.build().release
    assert release is not None
    after = installation.published()
    assert _of(after, ours=False) == _of(shown, ours=False)
    changed = {mart for mart in after if after[mart] != shown[mart]}
    assert {"daily_stats", "patients_by_department_and_type"} <= changed <= MARTS
    with installation.connect() as connection:
        written = db.rows(
            connection,
            "select distinct tenant_id from store.published_visit_counts"
            " where %s in (released_in, retired_in)",
            release,
        )
    assert [row["tenant_id"] for row in written] == [TENANT]
    with installation.connect() as connection, releases.builder(connection):
        publication.rollback(connection, 1)
    assert installation.shows(shown)
    assert landing_only.policy(installation.target, TENANT, None)
    assert installation.build().release is not None
    assert installation.published() == shown
    with installation.connect() as connection:
        told = policies.history(connection, TENANT)
    assert [each.minimum_patients for each in told] == [None, MINIMUM]
    assert all(each.set_at and each.set_by for each in told)


def test_what_is_shown_is_true_and_no_small_count_is(withheld: Installation) -> None:
    books = Books(read_tables(withheld.source))
    hidden = 0
    with Reader(withheld) as reader:
        for report, key in COUNTS.items():
            true, found = report(books), reader.rows(report.__name__, key)
            for place, row in found.items():
                for figure in FIGURES:
                    if row[figure] is None:
                        assert row["is_suppressed"], place
                        assert place[0] == TENANT
                        hidden += 1
                    else:
                        assert row[figure] == true[place][figure], place
                shown = row["patient_count"]
                assert place[0] != TENANT or shown is None or not 0 < shown < MINIMUM, place
            missing = {place for place in true.keys() - found.keys() if place[0] != TENANT}
            assert not missing
    assert hidden > 20


def test_every_reader_has_the_same_gaps(withheld: Installation, tmp_path: Path) -> None:
    query = "select business_date from {}daily_stats where is_suppressed and visit_count is null"
    with withheld.connect() as connection:
        group = access.grant(
            connection, withheld.target, None, None, Role("group", tenants=(TENANT, "demo_2"))
        ).dsn
    seen = [
        _days(withheld.login(TENANT), query.format("")),
        _days(group, query.format("marts_group.")),
    ]
    command = Command.with_project(ALMONER_DSN=withheld.target)
    file = tmp_path / "daily_stats.csv"
    command.do("export", "daily_stats", "--tenant", TENANT, "--out", str(file))
    with file.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["is_suppressed"] == "t"]
    assert all(row["visit_count"] == row["patient_count"] == "" for row in rows)
    seen.append({date.fromisoformat(row["business_date"]) for row in rows})
    assert seen[0]
    assert seen[0] == seen[1] == seen[2]


def test_no_older_release_tells_what_is_withheld_now(
    withheld: Installation,
) -> None:
    with withheld.connect() as connection:
        group = access.grant(
            connection, withheld.target, None, None, Role("group", tenants=(TENANT, "demo_2"))
        ).dsn
        newest = releases.last_published(connection)
    ours = withheld.login(TENANT)
    for release, seen in (1, set()), (newest, {TENANT}):
        assert _counted(ours, "", release) == seen
        assert _counted(group, "marts_group.", release) == seen | {"demo_2"}
    assert _counted(withheld.login("demo_2"), "", 1) == {"demo_2"}


def _counted(login: str, schema: str, release: int | None) -> set[str]:
    """Give the tenants of which a login sees counts, as known at a release."""
    with psycopg.connect(login) as session:
        session.execute("select set_config('almoner.as_known_at', %s, false)", (str(release),))
        found = session.execute(
            f"select tenant_id from {schema}patients_by_department"
            f" union select tenant_id from {schema}daily_stats where visit_count > 0".encode()
        )
        return {row[0] for row in found}


def _days(login: str, query: str) -> set[date]:
    with psycopg.connect(login) as session:
        return {row[0] for row in session.execute(query.encode())}


def test_the_attacker_gains_nothing_from_the_months_that_are_published(
    withheld: Installation,
) -> None:
    attacked = 0
    for cells, statuses in _months(withheld.target):
        table = small_cells.Table(cells, MINIMUM, one_visit_each=False)
        attacker = Attacker(cells, statuses, MINIMUM, one_visit_each=False)
        if small_cells.is_nothing_told(table, statuses):
            continue
        people = attacker.people()
        for cell in attacker.small:
            visits = attacker.visits(cell)
            assert visits.most - visits.least >= MINIMUM - 2, cells[cell]
            assert people[cell].least <= 1, cells[cell]
            assert people[cell].most >= MINIMUM - 1, cells[cell]
            attacked += 1
    assert attacked > 20


TRUTH = """
select cou.month_start_date, cou.breakdown, cou.department_id, cou.visit_type,
    cou.visit_count, cou.patient_count,
    case
        when pub.tenant_id is null then 2
        when pub.visit_count is null then 1
        when pub.patient_count is null then 3
        else 0
    end as status
from rollups.visit_counts as cou
left join rollups.published_visit_counts as pub using (tenant_id, month_start_date, part)
where cou.tenant_id = %s
order by cou.month_start_date, cou.part
"""


def _months(dsn: str) -> Iterator[tuple[list[Cell], list[int]]]:
    """Give the counts of each month as they are, with what is shown of each."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        rows = connection.execute(TRUTH.encode(), (TENANT,)).fetchall()
    for month in sorted({row["month_start_date"] for row in rows}):
        mine = [row for row in rows if row["month_start_date"] == month]
        yield [_cell(row) for row in mine], [row["status"] for row in mine]


def _cell(row: dict[str, Any]) -> Cell:
    department, kind = f"department {row['department_id']}", f"type {row['visit_type']}"
    tail, head, level = {
        "month": ("all", "days", 0),
        "day": ("days", "departments", 1),
        "department": ("departments", department, 1),
        "visit_type": (kind, "all", 1),
        "department_visit_type": (department, kind, 2),
    }[row["breakdown"]]
    return Cell(tail, head, level, row["visit_count"], row["patient_count"])


def test_a_day_more_is_judged_with_its_month_and_alone(installation: Installation) -> None:
    assert landing_only.policy(installation.target, TENANT, MINIMUM)
    installation.live(3)
    release = installation.build().release
    with psycopg.connect(installation.target) as connection:
        rule = small_cells.rule(connection)
        for cells, statuses in _months(installation.target):
            table = small_cells.Table(cells, MINIMUM, one_visit_each=False)
            assert small_cells.withheld(connection, rule, table) == statuses
    installation.live(4)
    assert installation.build().release != release
    assert all(1 in statuses for _, statuses in _months(installation.target))


def test_a_mart_that_counts_patients_by_itself_does_not_build(
    installation: Installation, edited: Edited, shown: Published
) -> None:
    edited.edit(
        "models/marts/visits/monthly_visits.sql",
        "ref('published_visit_counts')",
        "ref('visit_counts')",
    )
    edited.edit(
        "models/marts/visits/monthly_visits.sql", "is_suppressed,", "false as is_suppressed,"
    )
    with pytest.raises(Exception, match="keep to the tenant's policy"):
        installation.build()
    assert installation.shows(shown)


def test_two_who_set_a_policy_at_once_both_do(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command.with_project(ALMONER_DSN=installation.target)
    others: list[Future[bool]] = []
    read, first = policies.current, [True]

    def slowly(connection: db.Connection, tenant: str) -> policies.Policy:
        found = read(connection, tenant)
        if first and first.pop():  # another has time to set, unless it has to wait
            others.append(pool.submit(landing_only.policy, installation.target, TENANT, MINIMUM))
            wait(others, timeout=5)
        return found

    monkeypatch.setattr(policies, "current", slowly)
    with ThreadPoolExecutor(1) as pool:
        assert command.run("tenant", "policy", TENANT, "--late-changes", "carry-forward").out
        assert others[0].result(timeout=60)
    with installation.connect() as connection:
        policy = read(connection, TENANT)
    assert (policy.minimum_patients, policy.late_changes) == (MINIMUM, "carry-forward")


def test_the_command_sets_shows_and_clears(installation: Installation) -> None:
    command = Command.with_project(ALMONER_DSN=installation.target)
    policy = ("tenant", "policy", TENANT)
    assert "nothing is withheld" in command.run(*policy).out
    assert "from the next" in command.run(*policy, "--minimum-patients", "5").out
    assert "as before" in command.run(*policy, "--minimum-patients", "5").out
    assert "no count is withheld" in command.run(*policy, "--clear").out
    told = json.loads(command.run(*policy, "--json").out)
    assert [each["minimum_patients"] for each in told] == [None, 5]
    refused = command.run(*policy, "--minimum-patients", "2")
    assert (refused.exit_code, "hides nobody" in refused.err) == (2, True)
    assert command.run(*policy, "--minimum-patients", "5", "--clear").exit_code == 2
    with pytest.raises(ConfigError, match="no tenant demo_9"):
        landing_only.policy(installation.target, "demo_9", 5)
