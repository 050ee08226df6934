"""Numbers and days that fit no report: set aside with a reason, and nobody else notices."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.acceptance.conftest import Installation, Published
from tests.acceptance.test_bad_input import UNGUARDED, Dirt

pytestmark = pytest.mark.acceptance

# as in a source whose columns are plain `numeric`
WIDENED = """
do $$
declare wide record;
begin
    for wide in
        select attrelid::regclass as place, attname
        from pg_attribute
        inner join pg_class on pg_class.oid = attrelid
        where
            relnamespace = 'hms'::regnamespace
            and relkind = 'r'
            and atttypid = 'numeric'::regtype
            and attgenerated = ''
    loop
        execute format('alter table %s alter %I type numeric', wide.place, wide.attname);
    end loop;
end
$$
"""
RATE = "exchange rate"
PLANTED = (
    Dirt("invoices", "exchange_rate = 1e10", "invoices", f"invoice without a valid {RATE}"),
    Dirt("invoices", "total_amount = 1e30", "invoices", "invoice without a valid amount"),
    Dirt("invoices", "tax_amount = 'Infinity'", "invoices", "invoice without a valid tax amount"),
    Dirt(
        "invoices",
        "total_amount = 2e9, exchange_rate = 1e9",
        "invoices",
        "invoice without a valid amount at its rate",
    ),
    Dirt("invoice_items", "quantity = 1e12", "invoice_lines", "line without a valid quantity"),
    Dirt("invoice_items", "unit_price = 1e30", "invoice_lines", "line without a valid price"),
    Dirt("invoice_items", "tax_rate = 9e130000", "invoice_lines", "without a valid tax rate"),
    Dirt("invoice_items", "tax_amount = 'NaN'", "invoice_lines", "without a valid tax amount"),
    Dirt(
        "invoice_items", "payer_amount = 1e30", "invoice_lines", "line without a valid payer share"
    ),
    Dirt(
        "invoice_items",
        "quantity = 2e6, unit_price = 1e6",
        "invoice_lines",
        "line without a valid amount",
    ),
    Dirt("payments", "amount = 1e30", "payments", "payment without a valid amount"),
    Dirt("payments", "exchange_rate = 'Infinity'", "payments", f"payment without a valid {RATE}"),
    Dirt(
        "payments",
        "amount = 2e9, exchange_rate = 1e9",
        "payments",
        "payment without a valid amount at its rate",
    ),
    Dirt("payment_allocations", "amount = 1e30", "payment_allocations", "without a valid amount"),
    Dirt(
        "credit_note_allocations",
        "amount = 1e30",
        "credit_note_allocations",
        "without a valid amount",
    ),
    Dirt("refunds", "amount = 1e14", "refunds", "refund without a valid amount"),
    Dirt("credit_note_items", "net_amount = 1e30", "credit_note_lines", "without a valid amount"),
    Dirt("credit_note_items", "tax_amount = 1e30", "credit_note_lines", "a valid tax amount"),
    Dirt("write_offs", "amount = 1e30", "adjustments", "write-off without a valid amount"),
    Dirt("wallet_transactions", "amount = 1e30", "wallet_transactions", "without a valid amount"),
    Dirt("insurance_claims", "claimed_amount = 1e30", "claims", "claim without a valid amount"),
    Dirt("insurance_claims", "paid_amount = 'NaN'", "claims", "without a valid decision amount"),
    Dirt("inventory_ledger", "quantity = -1e12", "stock_movements", "without a valid quantity"),
    Dirt("inventory_ledger", "unit_cost = 1e30", "stock_movements", "without a valid cost"),
    Dirt("inventory_ledger", "unit_cost = 'NaN'", "stock_movements", "without a valid cost"),
    Dirt(
        "inventory_ledger",
        "quantity = 2e6, unit_cost = 1e6",
        "stock_movements",
        "stock movement without a valid cost",
    ),
    Dirt("invoice_instalments", "amount = 1e30", "instalments", "without a valid amount"),
    Dirt("invoice_instalments", "amount = 'NaN'", "instalments", "without a valid amount"),
    Dirt("invoice_instalments", "number = null", "instalments", "without its number"),
)


def test_an_absurd_value_is_set_aside_until_it_is_mended(
    installation: Installation, shown: Published
) -> None:
    installation.run(UNGUARDED)
    installation.run(WIDENED)
    installation.run("alter table hms.invoice_instalments alter number drop not null")
    kept = [_plant(installation, nth) for nth in range(len(PLANTED))]
    installation.run("update hms.insurance_payers set terms_days = 2e9 where hospital_id = 1")
    assert installation.build().release is not None
    after = installation.published()
    for mart, rows in shown.items():
        for tenant in ("demo_2", "demo_3"):
            own = [[row for row in each if row[0] == tenant] for each in (rows, after[mart])]
            assert own[0] == own[1], mart
    aside = [row[:4] for row in after["set_aside_rows"]]
    for dirt in PLANTED:
        found = [
            row for row in aside if row[:2] == ("demo_1", dirt.entity) and dirt.reason in row[2]
        ]
        assert found, (dirt, aside)
    for dirt, row in zip(PLANTED, kept, strict=True):
        _put_back(installation, dirt, row)
    assert installation.build().release is not None
    assert (
        installation.published(only=["set_aside_rows"])["set_aside_rows"]
        == (shown["set_aside_rows"])
    )


def _plant(installation: Installation, nth: int) -> dict[str, Any]:
    """Spoil a row of the first hospital, each time another; give it as it was."""
    dirt = PLANTED[nth]
    place = Counter(each.table for each in PLANTED[:nth])[dirt.table]
    with psycopg.connect(installation.source, autocommit=True, row_factory=dict_row) as connection:
        # not the lines of the invoices that are spoilt
        order = "id" if dirt.table == "invoices" else "id desc"
        query = (
            f"select * from hms.{dirt.table} where hospital_id = 1 order by {order}"
            f" offset {place} limit 1"
        )
        row = connection.execute(query.encode()).fetchone()
        assert row is not None, dirt
        change = f"update hms.{dirt.table} set {dirt.change} where id = {row['id']}"
        connection.execute(change.encode())
    return row


def _put_back(installation: Installation, dirt: Dirt, row: dict[str, Any]) -> None:
    with psycopg.connect(installation.source, autocommit=True) as connection:
        for change in dirt.change.split(", "):
            column = change.partition(" =")[0]
            query = f"update hms.{dirt.table} set {column} = %s where id = %s"
            connection.execute(query.encode(), (row[column], row["id"]))
