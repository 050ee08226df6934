"""Targets that are set in Almoner, from the command to the mart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from runner import db, landing_only, targets
from runner.errors import ConfigError
from runner.targets import Target
from tests.acceptance.conftest import Installation

TENANT = "demo_1"
MART = "revenue_vs_target"
REVENUE = (
    "select revenue_point_code, net_revenue_amount as amount from marts.revenue_point_monthly"
    " where month_start_date = %s and currency_code = %s"
)


def _rows(installation: Installation) -> list[dict[str, Any]]:
    names = next(
        [each.name for each in mart.columns] for mart in installation.marts() if mart.name == MART
    )
    return [dict(zip(names, row, strict=True)) for row in installation.published()[MART]]


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
    found = {row["revenue_point_code"]: row for row in _rows(installation)}
    assert set(found) == {targets.ALL, point}
    for code, target, revenue in (
        (targets.ALL, whole, sum(earned.values())),
        (point, part, earned[point]),
    ):
        assert found[code]["target_amount"] == target
        assert found[code]["net_revenue_amount"] == revenue
        assert found[code]["variance_amount"] == revenue - target
    landing_only.set_targets(installation.target, [Target(TENANT, last, point, currency, None)])
    installation.build()
    assert [row["revenue_point_code"] for row in _rows(installation)] == [targets.ALL]
    with installation.connect() as connection:
        assert [row["amount"] for row in targets.listing(connection, TENANT)] == [whole]
        assert targets.listing(connection, "demo_2") == []


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
