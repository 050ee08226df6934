"""Where in the house money is earned or taken: the rules of V14, by hand."""

from __future__ import annotations

import csv

from tests.conftest import ROOT
from tests.oracle.records import Row

with (ROOT / "seeds" / "revenue_point_rules.csv").open() as seed:
    POINTS = {
        (line["rule"], line["value"]): line["revenue_point_code"] for line in csv.DictReader(seed)
    }


def revenue_point(
    app: str | None, wallet_type: str | None, department: Row | None, category: str | None
) -> tuple[str, str]:
    """Give the revenue point and the first rule that knows one."""
    named = (department["code"], department["name"]) if department else ()
    seen = {
        "own_app": [app],
        "wallet_type": [wallet_type],
        "department": [name.strip() for name in named if name],
        "serving_app": [app],
        "service_category": [category],
        "general_app": [app],
    }
    for rule, values in seen.items():
        for value in values:
            point = POINTS.get((rule, (value or "").lower()))
            if point is not None:
                return point, rule
    return "unattributed", "unattributed"
