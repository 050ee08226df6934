"""What the demo's hospitals mean to earn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from typing import Any

from runner import db, landing_only, targets, wanted
from runner.targets import Target

WHO = "demo"
POINTS = (targets.ALL, "laboratory", "pharmacy")


def plan(operational: db.Connection, source: str, days: int, end_date: date) -> list[Target]:
    """Plan each month that the demo's days touch, in its hospitals' own currencies.

    A hospital means to have what its invoices brought on an average day, every day of the month
    and 3 % more, rounded up to hundreds: in all, in its laboratory and in its pharmacy.
    """
    query = resources.files("runner.demo").joinpath("targets.sql").read_text()
    parameters = {
        "points": list(POINTS),
        "days": days,
        "first": end_date - timedelta(days=days - 1),
        "last": end_date,
    }
    return [
        Target(
            f"{source}_{row['hospital_id']}",
            row["month"],
            row["revenue_point"],
            row["currency_code"],
            row["amount"],
        )
        for row in operational.execute(query.encode(), parameters)
    ]


def tell(connection: db.Connection, source: str, planned: list[Target]) -> None:
    """Set what was planned in place of what an earlier demo told, as `almoner target set` does.

    What somebody else set stays, and removed tenants get none. The caller is the builder.
    """
    in_force = targets.listing(connection)
    removed = wanted.of(connection, source, None).removed
    told = {targets.of(row) for row in in_force if _is_of_demo(row, source)}
    theirs = {_nothing(targets.of(row)) for row in in_force if not _is_of_demo(row, source)}
    meant = [
        target
        for target in planned
        if target.tenant not in removed and _nothing(target) not in theirs
    ]
    replaced = {_nothing(target) for target in told} - {_nothing(target) for target in meant}
    changes = [*sorted(replaced, key=str), *(target for target in meant if target not in told)]
    if changes:
        landing_only.write_targets(connection, changes, who=WHO)


def _is_of_demo(row: Mapping[str, Any], source: str) -> bool:
    """Tell whether the demo set a target: a login may have its name."""
    return bool(row["set_by"] == WHO and row["tenant_id"].startswith(f"{source}_"))


def _nothing(target: Target) -> Target:
    """Take the amount away: what two targets of the same have in common."""
    return replace(target, amount=None)
