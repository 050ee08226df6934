"""A dirty source: it is published, clean tenants do not notice, and every row is accounted for."""

from __future__ import annotations

import json

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import contracts, db, quarantine
from runner.demo import generator
from tests.acceptance.conftest import END, Installation, Published
from tests.command import Command
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

# of the second hospital; the others of the demo are clean
REASONS = {
    ("hms.payments", "duplicate key"),
    ("hms.payments", "row without its key"),
    ("hms.visits", "updated_at: required, and missing"),
    ("invoices", "unknown currency XXQ"),
    ("invoices", "unknown status mislaid"),
    ("invoices", "invoice without a valid exchange rate"),
    ("invoices", "invoice without a valid amount"),
    ("invoices", "invoice without a valid due date"),
    ("invoices", "issued invoice without its date"),
    ("invoices", "void invoice without its date"),
    ("invoice_lines", "line of an invoice set aside"),
    ("invoice_lines", "line without its invoice"),
    ("invoice_lines", "line without a valid quantity"),
    ("invoice_lines", "line without a valid price"),
    ("invoice_lines", "line with a discount beyond its price"),
    ("payments", "unknown currency XXP"),
    ("payments", "unknown status maybe"),
    ("payments", "payment without a valid amount"),
    ("payments", "payment without its invoice"),
    ("payments", "payment without its date"),
    ("payments", "voided payment without its date"),
    ("payment_allocations", "allocation without its invoice"),
    ("payment_allocations", "allocations beyond their payment"),
    ("refunds", "unknown status perhaps"),
    ("refunds", "refund without a valid amount"),
    ("refunds", "refund without its payment"),
    ("credit_note_lines", "line without its credit note"),
    ("adjustments", "unknown status sleeping"),
    ("adjustments", "write-off without a known category"),
    ("adjustments", "write-off approved by its requester"),
    ("wallet_transactions", "unknown wallet transaction type gift"),
    ("wallet_transactions", "unknown status gone"),
    ("wallet_transactions", "wallet transaction without a valid amount"),
    ("stock_movements", "stock movement without its product"),
    ("stock_movements", "stock movement without a valid quantity"),
    ("stock_movements", "stock movement without its date"),
    ("visits", "unknown status astray"),
    ("visits", "visit without a type"),
    ("visits", "visit of an unknown type"),
    ("visits", "visit without its patient"),
    ("visits", "visit without its date"),
}
NOWHERE = {
    "demo_901": "tenant without a time zone",
    "demo_902": "tenant without a time zone",
    "demo_903": "tenant with unknown time zone Mars/Olympus",
    "demo_904": "tenant with unknown currency XXH",
    "demo_905": "tenant without a currency",
}
# where the money of a row may be: in the journal, set aside, or not moved yet
UNACCOUNTED = """
with places as (
    select tenant_id, document_id from core.fct_postings where document_type = 'payment'
    union
    select tenant_id, document_id from core.fct_quarantined_rows where entity = 'payments'
    union
    select tenant_id, payment_id from staging.stg_hms__payments
    where reject_reason is null and not is_posted
)

select raw.tenant_id, raw.id
from raw_hms.payments as raw
full join places as pla on raw.tenant_id = pla.tenant_id and raw.id = pla.document_id
where raw.id is null or pla.document_id is null
"""
TWICE = """
select pos.tenant_id, pos.document_id
from core.fct_postings as pos
inner join core.fct_quarantined_rows as qua
    on pos.tenant_id = qua.tenant_id and pos.document_id = qua.document_id
where pos.document_type = 'payment' and qua.entity = 'payments'
"""


@pytest.fixture
def dirty(demo: Installation, databases: Databases) -> Installation:
    """Give the demo as published, over the same hospitals with dirt."""
    made = Installation(
        databases.create(), databases.create(str(conninfo_to_dict(demo.target)["dbname"]))
    )
    with db.connect(made.source) as connection:
        generator.generate(connection, 3, 60, 8, END, 7, dirty=0.05)
    return made


def test_dirt_is_set_aside_and_nobody_else_notices(dirty: Installation, shown: Published) -> None:
    assert dirty.build(accept_deletions=True).release is not None
    after = dirty.published()
    assert shown.keys() == after.keys()
    for mart, rows in shown.items():
        for tenant in ("demo_1", "demo_3"):
            clean = [[row for row in each if row[0] == tenant] for each in (rows, after[mart])]
            assert clean[0] == clean[1], mart
    aside = {row[1:3] for row in after["set_aside_rows"] if row[0] == "demo_2"}
    assert aside == REASONS
    assert after["excessive_write_offs"]
    _assert_every_row_is_accounted_for(dirty)
    _assert_the_command_tells_of_it(dirty)


def _assert_every_row_is_accounted_for(dirty: Installation) -> None:
    with dirty.connect() as target, psycopg.connect(dirty.source) as source:
        aside = quarantine.held(target, "demo")
        for table in contracts.load("hms").tables:
            theirs = source.execute(
                f"select count(*) from hms.{table.source_name}".encode()
            ).fetchone()
            ours = db.one(target, f"select count(*) as size from raw_hms.{table.raw_name}")
            assert theirs == (ours["size"] + aside.get(quarantine.entity(table), 0),), table.name
        assert set(aside) == {"hms.payments", "hms.visits"}
        assert db.rows(target, UNACCOUNTED) == []
        assert db.rows(target, TWICE) == []


def _assert_the_command_tells_of_it(dirty: Installation) -> None:
    command = Command.with_project(ALMONER_DSN=dirty.target)
    command.configure(json.dumps({"sources": {"demo": {"system": "hms", "dsn": dirty.source}}}))
    listed = json.loads(command.run("quarantine", "list", "--json").out)
    reasons = {(row["stage"], row["table_name"], row["reason"]) for row in listed}
    assert ("landing", "payments", "hospital_id: required, and missing") in reasons
    assert ("landing", "visits", "updated_at: required, and missing") in reasons
    assert ("staging", "payments", "unknown status maybe") in reasons
    for row in listed:
        shown = json.loads(command.run("quarantine", "show", row["example"], "--json").out)
        assert shown["reason"] == row["reason"], row
    status = json.loads(command.run("status", "--json").out)
    held = {row["tenant"]: row["held_because"] for row in status["amiss"]}
    assert {tenant: held[tenant] for tenant in NOWHERE} == NOWHERE
