"""The rows of an operational hms database: read, found by key, dated and judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
Tables = dict[str, list[Row]]

EXPONENTS = {"EUR": 2, "USD": 2, "XAF": 0, "MYR": 2, "KWD": 3, "JPY": 0, "GBP": 2}
ZONES = available_timezones()

TABLES = (
    "hospitals", "departments", "visits", "test_orders", "pharmacy_sales", "insurance_payers",
    "products", "batches", "locations", "inventory_ledger", "invoices", "invoice_items",
    "invoice_instalments", "payments", "payment_allocations", "refunds", "credit_notes",
    "credit_note_items", "credit_note_allocations", "wallet_transactions", "write_offs",
    "insurance_claims",
)  # fmt: skip


def read_tables(source: str) -> Tables:
    """Map each table to its rows: dicts by column, `Decimal` amounts, aware instants."""
    with psycopg.connect(source, row_factory=dict_row) as connection:
        return {
            name: connection.execute(f"select * from hms.{name}".encode()).fetchall()
            for name in TABLES
        }


@dataclass(frozen=True)
class Hospital:
    """A tenant whose rows can be dated and translated."""

    key: int
    zone: ZoneInfo
    cutoff: timedelta
    currency: str

    def day(self, instant: datetime) -> date:
        """Give the business day of an instant (T1)."""
        return (instant.astimezone(self.zone).replace(tzinfo=None) - self.cutoff).date()


class Records:
    """All tables of a hospital group, by key."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.hospitals = {
            row["id"]: hospital
            for row in tables["hospitals"]
            if (hospital := _hospital(row)) is not None
        }
        self._rows = {name: {row["id"]: row for row in rows} for name, rows in tables.items()}

    def find(self, table: str, key: int | None, of: Row) -> Row | None:
        """Give the row that another one names, if it is of the same hospital."""
        row = self._rows[table].get(key)
        return row if row is not None and row["hospital_id"] == of["hospital_id"] else None

    def issued(self, key: int | None, of: Row) -> Row | None:
        """Give the invoice that a row names, if it is issued."""
        row = self.find("invoices", key, of)
        return row if row is not None and self.is_good(row) and row["status"] != "draft" else None

    def day(self, row: Row, column: str) -> date:
        """Give the business day of one of a row's instants."""
        return self.hospitals[row["hospital_id"]].day(row[column])

    def is_good(self, row: Row) -> bool:
        """Tell whether a row can be dated, and its amounts rounded and translated."""
        return (
            row["hospital_id"] in self.hospitals
            and row["currency_code"] in EXPONENTS
            and row["exchange_rate"] > 0
        )

    def is_good_document(self, row: Row) -> bool:
        """Tell whether the invoice that a good row names exists, be it a draft."""
        return self.is_good(row) and (
            row["invoice_id"] is None or self.find("invoices", row["invoice_id"], row) is not None
        )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to what the currency can be paid in (V12, V13)."""
    return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _hospital(row: Row) -> Hospital | None:
    """Give the hospital, or nothing where it has no time zone or currency."""
    if row["time_zone"] not in ZONES or row["currency_code"] not in EXPONENTS:
        return None
    cutoff = timedelta(hours=row["day_cutoff"].hour, minutes=row["day_cutoff"].minute)
    return Hospital(row["id"], ZoneInfo(row["time_zone"]), cutoff, row["currency_code"])
