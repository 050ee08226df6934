"""Targets that are set in Almoner, from the command to the mart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from runner import db, landing_only, releases, targets
from runner.demo import targets as demo_targets
from runner.errors import ConfigError
from runner.targets import Target
from tests.acceptance.conftest import Installation

TENANT = "demo_1"
MART = "revenue_vs_target"
REVENUE = (
    "select revenue_point_code, net_revenue_amount as amount from marts.revenue_point_monthly"
    " where month_start_date = %s and currency_code = %s"
)


def _rows(installation: Installation, month: date | None = None) -> list[dict[str, Any]]:
    """Give the mart's rows; those of one tenant and month, if named."""
    names = next(
        [each.name for each in mart.columns] for mart in installation.marts() if mart.name == MART
    )
    found = [dict(zip(names, row, strict=True)) for row in installation.published()[MART]]
    if month is None:
        return found
    return [row for row in found if (row["tenant_id"], row["month_start_date"]) == (TENANT, month)]


def test_each_hospital_of_the_demo_has_targets_that_it_nearly_meets(demo: Installation) -> None:
    found = _rows(demo)
    months = (date(2026, 9, 1), date(2026, 10, 1))
    assert {
        (row["tenant_id"], row["month_start_date"], row["revenue_point_code"]) for row in found
    } == set(product(demo.tenants(), months, demo_targets.POINTS))
    for row in found:
        in_all = row["revenue_point_code"] == targets.ALL
        assert (70 if in_all else 30) < row["attainment_percent"] < (130 if in_all else 300)
    with demo.connect() as connection:
        assert {row["set_by"] for row in targets.listing(connection)} == {demo_targets.WHO}
        assert [row["release_id"] for row in releases.listing(connection)] == [1]


def test_a_target_stands_beside_the_revenue_until_it_is_taken_away(
    installation: Installation,
) -> None:
    with installation.connect() as connection:
        currency = targets.currency(connection, TENANT)
        connection.execute("select set_config('almoner.tenant', %s, false)", (TENANT,))
        last = db.one(
            connection, "select max(month_start_date) as month from marts.revenue_point_monthly"
        )["month"]
        earned = {
            row["revenue_point_code"]: row["amount"]
            for row in db.rows(connection, REVENUE, last, currency)
        }
    point = max(earned, key=lambda code: earned[code])
    whole, part = Decimal(1000), Decimal(250)
    landing_only.set_targets(
        installation.target,
        [
            Target(TENANT, last, targets.ALL, currency, Decimal(1)),
            Target(TENANT, last, targets.ALL, currency, whole),
            Target(TENANT, last, point, currency, part),
        ],
    )
    installation.build()
    found = {row["revenue_point_code"]: row for row in _rows(installation, last)}
    assert set(found) == {point, *demo_targets.POINTS}
    for code, target, revenue in (
        (targets.ALL, whole, sum(earned.values())),
        (point, part, earned[point]),
    ):
        assert found[code]["target_amount"] == target
        assert found[code]["net_revenue_amount"] == revenue
        assert found[code]["variance_amount"] == revenue - target
    landing_only.set_targets(installation.target, [Target(TENANT, last, point, currency, None)])
    installation.build()
    left = {row["revenue_point_code"] for row in _rows(installation, last)}
    assert left == {*demo_targets.POINTS} - {point}
    with installation.connect() as connection:
        told = [
            (row["tenant_id"], row["amount"])
            for row in targets.listing(connection)
            if row["set_by"] != demo_targets.WHO
        ]
    assert told == [(TENANT, whole)]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            Target(TENANT, date(2026, 3, 1), "nowhere", "EUR", Decimal(1)),
            "no revenue point nowhere",
        ),
        (Target(TENANT, date(2026, 3, 1), "all", "XXZ", Decimal(1)), "no currency XXZ"),
        (Target(TENANT, date(2026, 3, 1), "all", "EUR", Decimal(-1)), "-1 is no target in EUR"),
        (
            Target(TENANT, date(2026, 3, 1), "all", "JPY", Decimal("0.5")),
            "0.5 is no target in JPY",
        ),
        (
            Target(TENANT, date(2026, 3, 1), "all", "EUR", Decimal("NaN")),
            "NaN is no target in EUR",
        ),
    ],
)
def test_a_target_that_cannot_be_is_refused(target: Target, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        targets.check(target)
