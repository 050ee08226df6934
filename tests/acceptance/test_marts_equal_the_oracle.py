"""Whatever happens to an operational database: the marts equal the oracle, cell by cell.

`ALMONER_FUZZ_EXAMPLES=100` tries so many examples, other ones at every run.
"""

from __future__ import annotations

import os
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings, strategies
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from runner import access
from tests.acceptance.conftest import END, Installation
from tests.conftest import Databases
from tests.oracle import claims, receivables, reports, revenue, wallets
from tests.oracle.chance import Edit, batches, one_of_each
from tests.oracle.edits import STATEMENTS
from tests.oracle.journal import Books
from tests.oracle.records import read_tables
from tests.oracle.reports import Cells

pytestmark = pytest.mark.acceptance

DAYS = (date(2026, 9, 30), date(2026, 10, 25), END, date(2027, 1, 31))
NOTHING = {"gross_amount": 0}
ASKED = int(os.environ.get("ALMONER_FUZZ_EXAMPLES", "0"))
EVERY_EDIT = one_of_each(5)

# each mart that holds for a day, with its key beside tenant and day
DATED = {
    reports.open_receivables: ("document_type", "document_id", "share", "currency_code"),
    reports.ar_aging: ("share", "currency_code", "bucket_code"),
    reports.unapplied_credits: ("share", "debtor_id", "currency_code"),
    receivables.bill_statuses: ("invoice_id", "status", "currency_code"),
    receivables.bill_status_summary: ("status", "currency_code"),
    wallets.wallet_liability: ("patient_id", "currency_code"),
    claims.claims_pipeline: ("payer_id", "state", "currency_code"),
    reports.trial_balance: ("account", "currency_code"),
    receivables.ar_roll_forward: ("share", "currency_code"),
    receivables.ar_aging_breakdown: (
        "department_id", "payer_id", "revenue_point_code", "share", "currency_code", "bucket_code",
    ),
    receivables.dues_by_patient: ("patient_id", "currency_code"),
    receivables.credit_balances: (
        "credit_kind", "document_type", "document_id", "share", "debtor_id", "currency_code",
    ),
    receivables.revenue_cycle_kpis: ("kpi_code", "currency_code"),
    reports.current_stock: ("product_id", "batch_id", "location_id"),
}  # fmt: skip
# each mart that counts the visits of a day or a month, with its key beside the tenant
COUNTS = {
    reports.daily_stats: ("business_date",),
    reports.monthly_visits: ("month_start_date",),
    reports.patients_by_department: ("month_start_date", "department_id"),
    reports.patients_by_visit_type: ("month_start_date", "visit_type"),
    reports.patients_by_department_and_type: ("month_start_date", "department_id", "visit_type"),
}
# and those of the money of a day or a month
PERIODS = {
    reports.dept_revenue_daily: ("business_date", "department_id", "currency_code"),
    wallets.unbilled_wallet_use: ("wallet_transaction_id",),
    claims.denials: ("claim_id",),
    claims.denial_rates: ("month_start_date", "payer_id", "currency_code"),
    revenue.revenue_point_breakdown: ("business_date", "revenue_point_code", "currency_code"),
    revenue.revenue_point_monthly: ("month_start_date", "revenue_point_code", "currency_code"),
    revenue.revenue_by_department: ("month_start_date", "department_id", "currency_code"),
    revenue.period_comparison: (
        "period", "period_start_date", "compared_start_date", "revenue_point_code",
        "currency_code",
    ),
    revenue.peak_periods: ("month_start_date", "weekday", "invoice_hour", "currency_code"),
    revenue.profitability: ("month_start_date", "product_id"),
    revenue.volume_vs_revenue: ("month_start_date", "department_id", "currency_code"),
    revenue.revenue_by_doctor: ("business_date", "practitioner_id", "currency_code"),
    revenue.revenue_by_doctor_monthly: ("month_start_date", "practitioner_id", "currency_code"),
    revenue.revenue_by_payer: ("business_date", "payer_id", "share", "currency_code"),
    revenue.revenue_by_payer_monthly: (
        "month_start_date", "payer_id", "share", "currency_code",
    ),
    revenue.revenue_by_service: (
        "business_date", "service_category", "service_id", "product_id", "currency_code",
    ),
    revenue.revenue_by_service_monthly: (
        "month_start_date", "service_category", "service_id", "product_id", "currency_code",
    ),
    revenue.revenue_by_service_category: ("business_date", "service_category", "currency_code"),
    revenue.revenue_by_service_category_monthly: (
        "month_start_date", "service_category", "currency_code",
    ),
    revenue.revenue_by_patient_type: ("business_date", "patient_type", "currency_code"),
    revenue.revenue_by_patient_type_monthly: (
        "month_start_date", "patient_type", "currency_code",
    ),
    revenue.collections_daily: ("business_date", "currency_code"),
    revenue.collections_by_method: ("business_date", "payment_method", "currency_code"),
    revenue.collections_monthly: ("month_start_date", "currency_code"),
    revenue.collections_by_method_monthly: (
        "month_start_date", "payment_method", "currency_code",
    ),
    revenue.collection_rate: ("period", "business_date", "currency_code"),
    receivables.collection_cohorts: ("month_start_date", "months_since_issue", "currency_code"),
    revenue.accrual_to_cash_bridge: ("business_date", "currency_code"),
    revenue.tax_summary: ("business_date", "tax_code", "tax_rate", "currency_code"),
    revenue.write_offs: ("adjustment_id",),
    receivables.invoice_total_differences: ("invoice_id",),
    revenue.write_off_summary: (
        "month_start_date", "category", "status", "share", "currency_code",
    ),
    revenue.discounts_summary: ("business_date", "department_id", "currency_code"),
    revenue.refunds_summary: ("business_date", "payment_method", "share", "currency_code"),
    revenue.income_statement: ("month_start_date", "account", "currency_code"),
}  # fmt: skip
POSTED = (
    "business_date", "document_type", "document_id", "share", "debit_account",
    "credit_account", "is_reversal", "revenue_point_code", "revenue_point_rule", "currency_code",
)  # fmt: skip


class Reader:
    """Reads marts as each tenant of the last release does."""

    def __init__(self, installation: Installation) -> None:
        # each query is planned once, not once for each tenant
        self._connection = psycopg.connect(
            installation.target, row_factory=dict_row, prepare_threshold=0
        )
        access.begin(self._connection)
        self.tenants = [row["tenant_id"] for row in self._connection.execute(LAST_TENANTS)]

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def postings(self, columns: tuple[str, ...] = POSTED) -> Cells:
        """Give the transactions, summed by what the oracle knows of them."""
        key = sql.SQL(", ").join(map(sql.Identifier, ("tenant_id", *columns)))
        query = sql.SQL(
            "select {0}, sum(amount) as amount, count(*) as posting_count"
            " from marts.transaction_detail group by {0}"
        ).format(key)
        found: Cells = {}
        for tenant in self.tenants:
            self._connection.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
            for row in self._connection.execute(query):
                found[tuple(row[column] for column in ("tenant_id", *columns))] = row
        return found

    def rows(self, mart: str, key: tuple[str, ...]) -> Cells:
        """Give a mart's rows by tenant and key."""
        query = sql.SQL("select * from {}").format(sql.Identifier("marts", mart))
        return self._by_key(mart, key, query)

    def dated(self, mart: str, key: tuple[str, ...], days: tuple[date, ...]) -> dict[date, Cells]:
        """Give the rows of a mart that holds for a day, by day, tenant and key."""
        query = sql.SQL("select * from {} where as_of_date = any({})").format(
            sql.Identifier("marts", mart), sql.Literal(list(days))
        )
        found: dict[date, Cells] = {day: {} for day in days}
        for (name, day, *rest), row in self._by_key(mart, ("as_of_date", *key), query).items():
            found[day][name, *rest] = row
        return found

    def _by_key(self, mart: str, key: tuple[str, ...], query: sql.Composable) -> Cells:
        found: Cells = {}
        for tenant in self.tenants:
            self._connection.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
            for row in self._connection.execute(query):
                place = (tenant, *(row[column] for column in key))
                assert place not in found, f"{mart} has two rows of {place}"
                found[place] = row
        return found


# a tenant that cannot be dated any more keeps the release that it had
LAST_TENANTS = """
select tenant_id
from almoner.pointers
where release_id = (select max(release_id) from almoner.pointers)
order by tenant_id
"""


def differences(mart: str, expected: Cells, found: Cells) -> list[str]:
    """Tell the first cells that the oracle and a mart do not agree on."""
    told = []
    for key in sorted(expected.keys() | found.keys(), key=repr):
        ours, theirs = expected.get(key), found.get(key)
        if ours is None or theirs is None:
            told.append(f"{mart} {key}: oracle {ours}, mart {theirs}")
            continue
        for column, cell in ours.items():
            if cell != theirs[column]:
                told.append(f"{mart} {key} {column}: oracle {cell}, mart {theirs[column]}")
    return told[:5]


def check(installation: Installation) -> None:
    """Compare every cell of the finance, visit and stock marts with the oracle's."""
    assert installation.strange_postings() == []
    books = Books(read_tables(installation.source))
    first = min(each.day for each in books.postings)
    told = []
    with Reader(installation) as reader:
        assert reader.tenants == sorted(map(reports.tenant, books.hospitals.values()))
        for summary, key in (COUNTS | PERIODS).items():
            found = reader.rows(summary.__name__, key)
            told += differences(summary.__name__, summary(books), found)
        expected = revenue.transaction_detail(books)
        told += differences("transaction_detail", expected, reader.postings())
        trend = reader.rows("ar_aging_trend", ("as_of_date", *DATED[reports.ar_aging]))
        assert END in {day for _, day, *_ in trend}
        for day in (first, *DAYS):
            told += differences(f"ar_aging_trend {day}", *_on_trend(books, trend, day))
        for report, key in DATED.items():
            for day, rows in reader.dated(report.__name__, key, (first, *DAYS)).items():
                found = used_buckets(rows)
                expected = on_record(books, report(books, day), day)
                told += differences(f"{report.__name__} {day}", expected, found)
    assert not told, "\n".join(told)


def on_record(books: Books, expected: Cells, day: date) -> Cells:
    """Leave out tenants of which nothing is on record by a day: marts do not reach it."""
    began = revenue.first_days(books)
    return {key: cell for key, cell in expected.items() if began[key[0]] <= day}


def _on_trend(books: Books, trend: Cells, day: date) -> tuple[Cells, Cells]:
    """Give a day's buckets as the ageing has them, and as the trend does if the day is on it."""
    aged = reports.ar_aging(books, day)
    found = {key: row for key, row in trend.items() if key[1] == day}
    expected = {
        (name, day, *place): {"gross_amount": aged.get((name, *place), NOTHING)["gross_amount"]}
        for name, _, *place in found
    }
    return expected, found


def used_buckets(found: Cells) -> Cells:
    """Leave out the empty buckets that the ageing shows; give other marts as they are."""
    columns = ("gross_amount", "unapplied_credit_amount", "open_invoice_count")
    return {
        place: row
        for place, row in found.items()
        if not {"bucket_code", "net_amount"} <= row.keys() or any(row[name] for name in columns)
    }


class Rehearsal:
    """A demo whose operational database may hold anything, put back before each example."""

    def __init__(self, demo: Installation, databases: Databases) -> None:
        self._databases = databases
        source = databases.create(_database(demo.source))
        self._templates = (_database(source), _database(demo.target))
        self.installation = Installation(databases.create(), databases.create())
        with psycopg.connect(source, autocommit=True) as connection:
            for (statement,) in connection.execute(LOOSEN).fetchall():
                connection.execute(statement)

    def begin(self) -> None:
        """Put both databases back to the demo as it was."""
        copies = (self.installation.source, self.installation.target)
        for copy, template in zip(copies, self._templates, strict=True):
            self._databases.renew(copy, template)

    def play(self, batch: list[Edit], salt: int) -> set[str]:
        """Edit the operational database, build, and compare; give the edits that did anything."""
        with psycopg.connect(self.installation.source) as connection:
            done = {edit.name for edit in batch if edit.apply(connection, salt)}
        self.installation.build(accept_deletions=True)
        check(self.installation)
        return done


# rows may be orphaned, and a write-off approved by who asked for it
LOOSEN = """
select format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint
where
    connamespace = 'hms'::regnamespace
    and (contype = 'f' or pg_get_constraintdef(oid) like '%approved_by <> requested_by%')
"""


def _database(url: str) -> str:
    return str(conninfo_to_dict(url)["dbname"])


def test_the_demo(demo: Installation) -> None:
    check(demo)


def test_an_edited_demo_and_a_full_rebuild(demo: Installation, databases: Databases) -> None:
    rehearsal = Rehearsal(demo, databases)

    @settings(
        max_examples=ASKED or 1,
        derandomize=not ASKED,
        deadline=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate),  # shrinking would build for hours
        suppress_health_check=list(HealthCheck),
    )
    @given(
        drawn=strategies.lists(batches(), max_size=2),
        salt=strategies.integers(0, 2**31),
    )
    @example(drawn=EVERY_EDIT, salt=0)
    def equal(drawn: list[list[Edit]], salt: int) -> None:
        assume(drawn)
        rehearsal.begin()
        done = set().union(*(rehearsal.play(batch, salt) for batch in drawn))
        if drawn == EVERY_EDIT:
            assert done == STATEMENTS.keys()  # each of them still fits the schema

    equal()
    assert rehearsal.installation.recomputed() == []
