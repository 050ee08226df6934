"""A real GNU Health database: the marts give the figures that its own reports give."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from runner import db, server, status, write_offs
from runner.errors import WriteOffError
from tests.acceptance.conftest import Installation
from tests.acceptance.test_trace import traced_marts
from tests.conftest import ROOT, Databases

DATA = Path(os.environ.get("ALMONER_SHARED_DATA", ROOT.parent / "shared" / "data")) / "gnuhealth"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the GNU Health database is not at {DATA}"),
]

Rows = list[dict[str, Any]]

# Tryton computes the totals that it did not keep, and takes an origin without a record for none
OLDER = """
update account_invoice set total_amount_cache = null, tax_amount_cache = null;
update account_invoice_line set origin = 'account.invoice.line,' where origin is null;
update account_move_line set origin = 'account.move.line,-1' where origin is null;
"""

# of the first company: Tryton's numerics have no bounds, and its dates are taken as they are
ABSURD = """
create temporary table picked as
select id, move, row_number() over (order by id) as place from account_invoice
where company = 1 and type = 'out' and state = 'posted' and total_amount_cache > 0;
create temporary table stocked as
select id, lot, row_number() over (order by id) as place from stock_move
where company = 1 and state = 'done';

update account_move_line set debit = debit * 1e30, credit = credit * 1e30
where move = (select move from picked where place = 1);
update account_move set date = 'infinity' where id = (select move from picked where place = 2);
update account_move set date = '0001-01-01' where id = (select move from picked where place = 3);
alter table account_move_line drop constraint account_move_line_credit_debit;
update account_move_line set debit = 'NaN'
where debit > 0 and move = (select move from picked where place = 4);
update account_move_line set maturity_date = '9999-12-31'
where maturity_date is not null and move = (select move from picked where place = 5);
update account_invoice set invoice_date = 'infinity'
where id in (select id from picked where place in (2, 8));
update stock_move set internal_quantity = 1e300
where id = (select id from stocked where place = 1);
update stock_move set effective_date = '-infinity'
where id = (select id from stocked where place = 2);
update stock_move set cost_price = 'NaN' where id = (select id from stocked where place = 3);
update stock_lot set expiration_date = 'infinity'
where id in (select lot from stocked where lot is not null);
"""
# set aside without its postings, an invoice differs from the journal: its company is held
ABSURD_TOTALS = """
update account_invoice set total_amount_cache = 1e30, tax_amount_cache = 'NaN'
where id = (
    select max(id) from account_invoice
    where company = 1 and type = 'out' and state = 'posted' and total_amount_cache > 0
);
"""
# as in a database that was made without the modules stock, stock_lot, health_services: their
# tables, and what they and health_stock add to others
NO_STOCK = """
create schema away;
alter table stock_move set schema away;
alter table stock_lot set schema away;
alter table stock_location set schema away;
alter table gnuhealth_health_service_line set schema away;
"""
STOCK_WITHOUT_LOTS = """
alter table away.stock_move set schema public;
alter table away.stock_location set schema public;
alter table stock_move rename column lot to lot_away;
"""
EVERY_MODULE = """
alter table stock_move rename column lot_away to lot;
alter table away.stock_lot set schema public;
alter table away.gnuhealth_health_service_line set schema public;
"""
# in which departments, stock and services have no part
OF_THE_LEDGER = (
    "ar_aging", "ar_aging_debtors", "ar_aging_invoices", "ar_roll_forward", "collections_daily",
    "credit_balances", "income_statement", "invoice_balances", "open_receivables",
    "revenue_by_payer", "tax_summary", "trial_balance",
)  # fmt: skip
REASONS = {
    ("ledger_entries", "ledger entry without a valid amount"),
    ("ledger_entries", "ledger entry without its date"),
    ("ledger_entries", "move out of balance"),
    ("invoices", "issued invoice without its date"),
    ("invoices", "invoice without a valid exchange rate"),
    ("stock_movements", "stock movement without a valid quantity"),
    ("stock_movements", "stock movement without its date"),
    ("stock_movements", "stock movement without a valid cost"),
}


@pytest.fixture(scope="module")
def gnuhealth(session_databases: Databases, embedded: server.Server) -> Installation:
    """Restore the dump and build a release from it."""
    source = session_databases.create()
    dump = gzip.decompress((DATA / "dump.sql.gz").read_bytes())
    subprocess.run(
        [str(embedded.binaries / "psql"), "-q", source],
        input=dump,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Installation(source, session_databases.create(), "gnuhealth", "hospital")
    assert made.build().tenants == 2
    return made


@pytest.fixture
def reader(gnuhealth: Installation) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(gnuhealth.target, row_factory=dict_row) as connection:
        yield connection


def companies() -> list[dict[str, Any]]:
    """Give the figures of GNU Health's own reports, a company at a time."""
    if not DATA.is_dir():
        return []
    found: list[dict[str, Any]] = json.loads((DATA / "expected.json").read_text())["companies"]
    return found


every_company = pytest.mark.parametrize(
    "company", companies(), ids=lambda company: company["name"].split()[-1]
)


def rows(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any], query: str, *values: Any
) -> Rows:
    """Read a mart as the company's tenant."""
    tenant = f"hospital_{company['company_id']}"
    reader.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
    return reader.execute(query.encode(), values).fetchall()


def test_every_posting_is_of_a_known_event(gnuhealth: Installation) -> None:
    assert gnuhealth.strange_postings() == []


@every_company
def test_every_measure_is_traced(gnuhealth: Installation, company: dict[str, Any]) -> None:
    tenant, marts = f"hospital_{company['company_id']}", gnuhealth.marts()
    with gnuhealth.connect() as connection:
        assert len(traced_marts(connection, marts, tenant)) > 20


@every_company
def test_each_party_owes_what_the_aged_balance_says(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    for day, report in company["aged_balance"].items():
        owed: dict[int, Decimal] = defaultdict(Decimal)
        for row in rows(
            reader, company, "select * from marts.ar_aging_debtors where as_of_date = %s", day
        ):
            owed[row["debtor_id"]] += row["net_base_amount"]
        expected = {
            row["party"]: Decimal(row["balance"])
            for row in report["customer"]["rows"]
            if Decimal(row["balance"])
        }
        assert {party: amount for party, amount in owed.items() if amount} == expected, day


@every_company
def test_the_receivable_account_equals_the_aged_balance(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    for day, report in company["aged_balance"].items():
        (total,) = rows(
            reader,
            company,
            "select coalesce(sum(closing_base_amount), 0) as amount from marts.trial_balance"
            " where as_of_date = %s and ledger_account = 'Main Receivable'",
            day,
        )
        assert total["amount"] == Decimal(report["customer"]["total"]["balance"]), day


@every_company
def test_every_ledger_account_has_its_balance(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    for day, report in company["general_ledger"].items():
        ours = {
            row["ledger_account"]: row["amount"]
            for row in rows(
                reader,
                company,
                "select ledger_account, sum(closing_base_amount) as amount"
                " from marts.trial_balance where as_of_date = %s and ledger_account is not null"
                " group by ledger_account",
                day,
            )
        }
        theirs = {code: Decimal(row["balance"]) for code, row in report.items()}
        assert {code: ours.get(code, Decimal(0)) for code in theirs} == theirs, day


@every_company
def test_income_per_account_and_month(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    for month, report in company["revenue_by_account_month"].items():
        first = date.fromisoformat(f"{month}-01")
        last = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        ours = {
            row["ledger_account"]: row["amount"]
            for row in rows(
                reader,
                company,
                "select ledger_account, sum(credit_base_amount - debit_base_amount) as amount"
                " from marts.trial_balance where as_of_date = %s::date - 1"
                " and ledger_account is not null group by ledger_account",
                last,
            )
        }
        for code, row in report.items():
            net = Decimal(row["credit"]) - Decimal(row["debit"])
            assert ours[code] == net, (month, code)


@every_company
def test_every_issued_invoice_has_its_total_and_open_amount(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    ours = {
        row["invoice_id"]: (row["total_amount"], row["tax_amount"], row["open_amount"])
        for row in rows(
            reader,
            company,
            "select * from marts.invoice_balances where as_of_date = %s",
            date(2026, 10, 31),
        )
    }
    expected = {
        row["id"]: (Decimal(row["total"]), Decimal(row["tax"]), Decimal(row["amount_to_pay"]))
        for row in company["invoices"]
        if row["type"] == "out" and row["number"] and Decimal(row["total"]) > 0
    }
    assert {key: ours.get(key) for key in expected} == expected
    assert len(expected) > 40


@every_company
def test_stock_per_location_product_and_lot(
    reader: psycopg.Connection[dict[str, Any]], company: dict[str, Any]
) -> None:
    for day, locations in company["stock"].items():
        products: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        lots: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in rows(
            reader, company, "select * from marts.current_stock where as_of_date = %s", day
        ):
            products[row["location_name"], row["product_id"]] += row["quantity"]
            if row["batch_number"]:
                lot = f"{row['batch_number']}/{row['product_id']}"
                lots[row["location_name"], lot] += row["quantity"]
        for name, held in locations.items():
            for product, figures in held["products"].items():
                assert products[name, int(product)] == Decimal(str(figures["quantity"]))
            for lot, figures in held["lots"].items():
                assert lots[name, lot] == Decimal(str(figures["quantity"])), (day, name, lot)


def test_what_stands_in_its_own_ledger_is_written_off_there(gnuhealth: Installation) -> None:
    with gnuhealth.connect() as connection:
        invoice = db.one(
            connection,
            "select tenant_id, invoice_id from core.fct_postings where document_type = 'move'"
            " and debit_account = 'receivable' and share = 'patient' and invoice_id is not null"
            " limit 1",
        )
        with pytest.raises(WriteOffError, match="keeps itself"):
            write_offs.outstanding(
                connection, invoice["tenant_id"], invoice["invoice_id"], "patient"
            )


def test_totals_and_origins_that_an_older_database_lacks_change_nothing(
    gnuhealth: Installation, databases: Databases
) -> None:
    copy = gnuhealth.copied(databases)
    before = copy.published()
    copy.run(OLDER)
    assert copy.build().failures == []
    assert copy.published() == before


def test_absurd_values_are_set_aside_and_the_other_company_does_not_notice(
    gnuhealth: Installation, databases: Databases
) -> None:
    copy = gnuhealth.copied(databases)
    before = copy.published()
    copy.run(ABSURD)
    outcome = copy.build()
    assert [(str(each), each.sample) for each in outcome.failures] == []
    assert outcome.tenants == 2
    after = copy.published()
    for mart, rows in before.items():
        own = [[row for row in each if row[0] == "hospital_2"] for each in (rows, after[mart])]
        # lots are of no company
        assert mart == "current_stock" or own[0] == own[1], mart
    assert {row[1:3] for row in after["set_aside_rows"] if row[0] == "hospital_1"} == REASONS
    copy.run(ABSURD_TOTALS)
    outcome = copy.build()
    assert {each.tenant for each in outcome.failures} == {"hospital_1"}
    assert outcome.tenants == 1


def test_a_database_without_stock_or_services_builds_and_what_comes_later_lands(
    gnuhealth: Installation, databases: Databases
) -> None:
    whole = gnuhealth.published()
    source = databases.create(str(conninfo_to_dict(gnuhealth.source)["dbname"]))
    poor = Installation(source, databases.create(), gnuhealth.system, gnuhealth.name)
    poor.run(NO_STOCK)
    assert poor.build().tenants == 2
    found = poor.published()
    assert found["current_stock"] == []
    for mart in OF_THE_LEDGER:
        assert whole[mart], mart
        assert found[mart] == whole[mart], mart
    with poor.connect() as connection:
        (lacking,) = status.read(connection, poor.settings).sources
    assert lacking.absent == [
        "gnuhealth_health_service_line", "stock_location", "stock_lot", "stock_move",
    ]  # fmt: skip
    poor.run(STOCK_WITHOUT_LOTS)
    assert poor.build().tenants == 2
    assert _stock(poor) == _stock(gnuhealth)
    assert len(_stock(poor)) > 20
    poor.run(EVERY_MODULE)
    assert poor.build().tenants == 2
    assert poor.published() == whole


def _stock(installation: Installation) -> Rows:
    """Give what each location holds of each product, of all lots."""
    with installation.connect() as connection:
        return db.rows(
            connection,
            "select tenant_id, location_id, product_id, sum(quantity) as quantity"
            " from core.fct_stock_movements group by 1, 2, 3 order by 1, 2, 3",
        )
