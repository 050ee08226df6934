"""Who asks for a month has that month's postings looked up, and those it is compared with."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import access
from runner.roles import Role
from tests.acceptance.conftest import Installation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

# of a history of September and October
MONTH, BEFORE, AFTER = date(2026, 9, 1), date(2026, 8, 1), date(2026, 10, 1)
# the months, and the large table that they are sums of
MONTHS = {
    "collections_by_method_monthly": "fct_postings",
    "collections_monthly": "fct_postings",
    "profitability": "fct_postings",
    "revenue_by_department": "department_revenue_daily",
    "revenue_by_doctor_monthly": "fct_postings",
    "revenue_by_patient_type_monthly": "fct_postings",
    "revenue_by_payer_monthly": "fct_postings",
    "revenue_by_service_category_monthly": "fct_postings",
    "revenue_by_service_monthly": "fct_postings",
    "revenue_point_monthly": "revenue_point_daily",
}


@pytest.fixture(scope="module")
def readers(demo: Installation, session_databases: Databases) -> dict[str, str]:
    """Give the login of one tenant, and that of a group of two."""
    copy = Installation(
        demo.source, session_databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )
    with copy.connect() as connection:
        role = Role("group", tenants=("demo_1", "demo_2"))
        group = access.grant(connection, copy.target, None, None, role).dsn
    return {"demo_1": copy.login("demo_1"), "demo_1, demo_2": group}


@pytest.mark.parametrize("tenants", ["demo_1", "demo_1, demo_2"])
@pytest.mark.parametrize("mart", MONTHS)
def test_a_month_looks_up_its_own_postings(
    demo: Installation, readers: dict[str, str], mart: str, tenants: str
) -> None:
    table = MONTHS[mart]
    query = sql.SQL(
        "select count(*) filter (where business_date >= {} and business_date < {}), count(*)"
        " from store.{} where tenant_id = any({})"
    ).format(
        sql.Literal(BEFORE),
        sql.Literal(AFTER),
        sql.Identifier(table),
        sql.Literal(tenants.split(", ")),
    )
    with psycopg.connect(demo.target) as connection:
        within, beside = connection.execute(query).fetchone() or (0, 0)
    assert 0 < within < beside * 0.7
    with psycopg.connect(readers[tenants]) as session:
        told = session.execute(
            sql.SQL(
                "explain (analyze, timing off, format json) select * from {}"
                " where month_start_date between {} and {}"
            ).format(sql.Identifier(mart), sql.Literal(MONTH), sql.Literal(MONTH))
        ).fetchone()
    assert told is not None
    assert 0 < _scanned(told[0][0]["Plan"], table) <= within


def _scanned(node: dict[str, Any], table: str) -> int:
    """Count the rows of a table or its partitions that were looked at, each time they were.

    At least so many: PostgreSQL tells the rows of a loop rounded.
    """
    own = 0
    if re.fullmatch(rf"{table}(_p\d+)?", node.get("Relation Name", "")):
        each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        own = math.ceil((each - 0.5) * node["Actual Loops"])
    return own + sum(_scanned(below, table) for below in node.get("Plans", []))
