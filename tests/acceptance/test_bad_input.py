"""What bad input gets: a clear error or a row set aside, the last published release untouched."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from runner import releases
from runner.build import Builder
from runner.errors import DatabaseError
from tests.acceptance.conftest import Installation, Quiet
from tests.command import Command, Said
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

# without these the operational database refuses most of what is planted here
UNGUARDED = """
do $$
declare guard record;
begin
    for guard in
        select conrelid::regclass as place, conname
        from pg_constraint
        where connamespace = 'hms'::regnamespace and contype in ('c', 'f', 'u')
        order by contype <> 'f'
    loop
        execute format('alter table %s drop constraint %I', guard.place, guard.conname);
    end loop;
end
$$
"""


@dataclass(frozen=True)
class Dirt:
    """A bad value in one row of a table, and what becomes of the row."""

    table: str
    change: str
    entity: str
    reason: str
    where: str = "true"


PLANTED = (
    Dirt("invoices", "currency_code = 'XXQ'", "invoices", "unknown currency XXQ"),
    Dirt("invoices", "status = 'mislaid'", "invoices", "unknown status mislaid"),
    Dirt("invoices", "exchange_rate = 0", "invoices", "invoice without a valid exchange rate"),
    Dirt("payments", "currency_code = 'XXP'", "payments", "unknown currency XXP"),
    Dirt("payments", "status = 'maybe'", "payments", "unknown status maybe"),
    Dirt("payments", "invoice_id = 99999999", "payments", "payment without its invoice"),
    Dirt("payments", "amount = 'NaN'", "payments", "payment without a valid amount"),
    Dirt("refunds", "status = 'perhaps'", "refunds", "unknown status perhaps"),
    Dirt("write_offs", "status = 'sleeping'", "adjustments", "unknown status sleeping"),
    Dirt(
        "write_offs",
        "approved_by = requested_by",
        "adjustments",
        "write-off approved by its requester",
        "status = 'approved'",
    ),
    Dirt(
        "wallet_transactions",
        "type = 'gift'",
        "wallet_transactions",
        "unknown wallet transaction type gift",
    ),
    Dirt(
        "wallet_transactions",
        "status = 'gone'",
        "wallet_transactions",
        "unknown status gone",
    ),
    Dirt(
        "inventory_ledger",
        "product_id = 99999999",
        "stock_movements",
        "stock movement without its product",
    ),
)


@pytest.fixture
def command(installation: Installation, tmp_path: Path) -> Command:
    """Give the command, configured for a copy of the demo."""
    made = Command.within(tmp_path, ALMONER_DSN=installation.target)
    made.configure(_source(installation.source))
    return made


def _source(dsn: str, system: str = "hms") -> str:
    return json.dumps({"sources": {"demo": {"system": system, "dsn": dsn}}})


def _assert_error(said: Said, exit_code: int, *parts: str) -> None:
    """Check that a command ended with a message that names the thing and a hint to run."""
    assert said.exit_code == exit_code, said
    lines = said.err.strip().splitlines()
    assert [line[:6] for line in lines] == ["error:", "hint: "], said.err
    assert "`" in lines[1], said.err
    for part in parts:
        assert part in lines[0], said.err


def _set_aside(installation: Installation) -> dict[tuple[str, str, str], int]:
    return {(row[0], row[1], row[2]): row[3] for row in installation.published()["set_aside_rows"]}


# -- rows that are set aside -----------------------------------------------------------------


def test_bad_rows_are_set_aside_until_they_are_mended(installation: Installation) -> None:
    before = installation.published()
    spoiled = _plant(installation)
    outcome = installation.build()
    assert outcome.release is not None
    after = installation.published()
    aside = _set_aside(installation)
    for dirt in PLANTED:
        assert aside["demo_1", dirt.entity, dirt.reason] == 1, dirt
    # an invoice takes its lines along, and what was paid on it
    assert aside.keys() - {("demo_1", dirt.entity, dirt.reason) for dirt in PLANTED} == {
        ("demo_1", "invoice_lines", "line of an invoice set aside")
    }
    for mart, rows in before.items():
        others = [row for row in rows if row[0] != "demo_1"]
        assert [row for row in after[mart] if row[0] != "demo_1"] == others, mart
    _assert_only_these_changed(before, after, spoiled)
    for dirt, row in zip(PLANTED, spoiled, strict=True):
        _put_back(installation, dirt.table, row)
    assert installation.build().release is not None
    assert installation.published() == before


def _plant(installation: Installation) -> list[dict[str, Any]]:
    """Spoil a row of the first hospital for each kind of dirt; give the rows as they were."""
    rows = []
    with psycopg.connect(installation.source, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(UNGUARDED)
        taken: Counter[str] = Counter()
        for dirt in PLANTED:
            row = connection.execute(
                f"select * from hms.{dirt.table} where hospital_id = 1 and {dirt.where}"
                f" order by id offset {taken[dirt.table]} limit 1"
            ).fetchone()
            assert row is not None, dirt
            taken[dirt.table] += 1
            connection.execute(f"update hms.{dirt.table} set {dirt.change} where id = {row['id']}")
            rows.append(row)
    return rows


def _put_back(installation: Installation, table: str, row: dict[str, Any]) -> None:
    names = [name for name in row if name not in ("id", "updated_at")]
    values = ", ".join(f"{name} = %({name})s" for name in names)
    with psycopg.connect(installation.source, autocommit=True) as connection:
        connection.execute(f"update hms.{table} set {values} where id = %(id)s", row)
