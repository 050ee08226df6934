"""`days_in_turn` looks at each day of each tenant once in as many turns as it has quarters."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import psycopg
import pytest

from tests.conftest import Databases
from tests.macros import macro

PERIODS = """(values
    ('young', date '2026-03-01', date '2026-03-09', {turns}),
    ('old', date '2024-12-30', date '2026-11-24', {turns}),
    ('empty', null, null, {turns})
) as periods (tenant_id, first_date, last_data_date, turns)"""
ALWAYS = ("-infinity", "infinity")


def _days(
    databases: Databases, release: int, *, mode: str = "changes", turns: int = 6, held: str = ""
) -> dict[str, tuple[str, str]]:
    days_in_turn = macro(
        "audits", "days_in_turn",
        execute=True,
        in_turn=lambda name: PERIODS.format(turns=turns),
        audit_mode=lambda: mode,
        open_plan=lambda: [{"release_id": release}],
        held_tenants=lambda: held,
    )  # fmt: skip
    with psycopg.connect(databases.create()) as connection:
        rows = connection.execute(
            "select tenant_id, from_date::text, to_date::text from "
            + days_in_turn("reporting_periods")
        ).fetchall()
    return {tenant: (begins, ends) for tenant, begins, ends in rows}


def test_each_day_has_its_turn_once(databases: Databases) -> None:
    turns = [_days(databases, 6 * number + 2) for number in range(8)]
    assert [each["young"] for each in turns] == [ALWAYS] * 8
    assert [each["empty"] for each in turns] == [ALWAYS] * 8
    quarters = [each["old"] for each in turns]
    assert len(set(quarters)) == 8
    in_order = sorted(quarters, key=lambda each: each[0].replace("-infinity", ""))
    assert in_order[0][0] == "-infinity"
    assert in_order[-1][1] == "infinity"
    for (_, ends), (begins, _) in pairwise(in_order):
        assert date.fromisoformat(ends) + timedelta(1) == date.fromisoformat(begins)


@pytest.mark.parametrize(
    "options",
    [{"mode": "history"}, {"mode": "whole"}, {"turns": 1}, {"held": "'old'"}],
    ids=["almoner audit", "a full recompute", "few tenants", "a tenant that is held"],
)
def test_all_days_are_looked_at(databases: Databases, options: dict[str, str | int]) -> None:
    assert _days(databases, 8, **options)["old"] == ALWAYS  # type: ignore[arg-type]


def test_who_is_held_makes_no_other_whole(databases: Databases) -> None:
    found = _days(databases, 8, held="'young'")
    assert found["young"] == ALWAYS
    assert found["old"] != ALWAYS
