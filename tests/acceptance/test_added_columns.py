"""A released table gains a column: what it costs, who waits, and what an undone one leaves."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from runner import build, status
from runner.errors import PublicationError
from tests.acceptance.conftest import Installation, warnings
from tests.acceptance.edited import Edited
from tests.conftest import Running

pytestmark = pytest.mark.acceptance

PERIODS = "models/rollups/dates/reporting_periods"
READ = "select count(*) from marts.ar_aging_invoices where as_of_date = '2026-10-31'"


def released(installation: Installation, outcome: build.Outcome, table: str) -> int:
    """Give the rows that a release added to a table."""
    assert outcome.release is not None
    with installation.connect() as connection:
        changed = status.changed_rows(connection, outcome.release)
    return sum(row["rows_added"] for row in changed if row["table_name"] == table)


def test_an_added_column_restates_only_what_differs(
    installation: Installation, edited: Edited, embedded: Running
) -> None:
    warned = warnings(embedded)
    with psycopg.connect(installation.target) as connection:
        ids = connection.execute(
            "select invoice_id from store.fct_invoices where tenant_id = 'demo_1'"
            " order by 1 limit 3"
        ).fetchall()
    few = ", ".join(repr(invoice) for (invoice,) in ids)
    edited.add("origin", "text", "'web'")
    assert released(installation, installation.build(), "fct_invoices") == 0
    origin = f"case when tenant_id = 'demo_1' and invoice_id in ({few}) then 'desk' else 'web' end"
    edited.add("origin", "text", origin)
    assert released(installation, installation.build(), "fct_invoices") == 3
    installation.live(1)
    assert released(installation, installation.build(), "fct_invoices") > 0
    edited.add("origin", "text", f"{origin} /* the same */")
    assert released(installation, installation.build(), "fct_invoices") == 0  # in full
    with psycopg.connect(installation.target) as connection:
        found = connection.execute(
            "select origin, count(*) from store.fct_invoices where retired_in = 2147483647"
            " group by origin order by 1"
        ).fetchall()
        total = connection.execute("select count(*) from core.fct_invoices").fetchone()
    assert found[0] == ("desk", 3)
    assert total == (found[1][1] + 3,)

    assert warnings(embedded) == warned  # each transaction was one

    edited.take_back()
    with pytest.raises(PublicationError, match="fct_invoices: column origin removed") as refused:
        installation.build()
    assert "another name" in refused.value.hint


def test_a_column_that_is_unknown_before_is_null_of_older_releases(
    installation: Installation, edited: Edited
) -> None:
    last = "        has_discharges\n"
    edited.edit(f"{PERIODS}.sql", last, "        has_discharges,\n        1 as tried\n")
    edited.edit(
        f"{PERIODS}.yml",
        "      - name: has_discharges\n",
        "      - {name: tried, data_type: integer, description: Tried.,"
        " config: {meta: {is_unknown_before: true}}}\n      - name: has_discharges\n",
    )
    outcome = installation.build()
    tenants = len(installation.tenants())
    assert released(installation, outcome, "reporting_periods") == tenants
    with psycopg.connect(installation.target) as connection:
        found = connection.execute(
            "select released_in, tried, count(*) from store.reporting_periods group by 1, 2"
        ).fetchall()
    assert sorted(found) == [(1, None, tenants), (outcome.release, 1, tenants)]


def test_readers_go_on_while_the_rows_of_an_added_column_are_written(
    installation: Installation, edited: Edited
) -> None:
    edited.add("grand_total", "numeric(18,4)", "total_amount + tax_amount")
    login = installation.login("demo_1")
    with (
        ThreadPoolExecutor(1) as pool,  # ends last, when nobody holds what the build waits for
        psycopg.connect(installation.target) as writer,
        psycopg.connect(login, options="-c statement_timeout=60s") as reader,
    ):
        before = reader.execute(READ).fetchone()
        reader.rollback()
        # what the model writes last, after its table has the column
        writer.execute("lock table almoner.feed_log in share mode")
        building = pool.submit(installation.build)
        wait_until_blocked(installation.target, "almoner.feed_log")
        assert has_column(installation.target)
        assert reader.execute(READ).fetchone() == before
        reader.rollback()  # or the build would wait to replace the views that it reads
        writer.rollback()
        assert building.result().release is not None


def has_column(target: str, name: str = "grand_total") -> bool:
    """Tell whether the released table has the column, in a transaction that was committed."""
    with psycopg.connect(target) as connection:
        found = connection.execute(
            "select from pg_attribute where attrelid = 'store.fct_invoices'::regclass"
            " and attname = %s", (name,),
        ).fetchone()  # fmt: skip
    return found is not None


def wait_until_blocked(target: str, table: str) -> None:
    with psycopg.connect(target, autocommit=True) as connection:
        for _ in range(1200):
            blocked = connection.execute(
                "select from pg_locks where relation = %s::regclass and not granted", (table,)
            ).fetchone()
            if blocked is not None:
                return
            time.sleep(0.1)
    raise AssertionError(f"the build does not write {table}")
