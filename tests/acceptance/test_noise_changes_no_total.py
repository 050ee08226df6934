"""Rows that look like money, and are none: no total moves (R6)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from runner import db
from tests.acceptance.conftest import Installation

TOTALS = {
    "dept_revenue_daily": ("gross_charge_amount", "net_revenue_amount", "tax_amount"),
    "collections_daily": (
        "cash_received_amount", "cash_paid_out_amount", "collection_amount", "refund_amount",
        "wallet_use_amount", "top_up_amount", "receipt_count",
    ),
    "revenue_by_doctor": ("net_revenue_amount", "line_count"),
    "income_statement": ("amount",),
}  # fmt: skip
NET = (
    "select sum(gross_amount) as gross, sum(unapplied_credit_amount) as unapplied"
    " from marts.ar_aging where as_of_date = (select max(business_date) from"
    " marts.collections_daily)"
)
NOISE = {
    "a second visit on the same day": """
        insert into hms.visits (
            hospital_id, serial_number, patient_id, department_id, doctor_id, visit_type, status,
            entered_at
        )
        select
            hospital_id, serial_number || '-again', patient_id,
            (select min(id) from hms.departments where hospital_id = vis.hospital_id), null,
            visit_type, 'completed', entered_at + interval '1 minute'
        from hms.visits as vis""",
    "a stray department": """
        insert into hms.departments (hospital_id, code, name, kind)
        select hospital_id, code || '-stray', name, kind from hms.departments""",
    "a wallet row beside its payment": """
        insert into hms.wallet_transactions (
            hospital_id, wallet_id, patient_id, type, payment_id, invoice_id, currency_code,
            exchange_rate, amount, status, transacted_at
        )
        select
            hospital_id, wallet_id, patient_id, type, payment_id, invoice_id, currency_code,
            exchange_rate, amount, status, transacted_at
        from hms.wallet_transactions
        where payment_id is not null and type <> 'refund'""",
    "a top-up beside the payment of an invoice": """
        insert into hms.wallet_transactions (
            hospital_id, wallet_id, patient_id, type, payment_id, currency_code, exchange_rate,
            amount, status, transacted_at
        )
        select
            pay.hospital_id, wal.id, wal.patient_id, 'top_up', pay.id, pay.currency_code,
            pay.exchange_rate, pay.amount, 'completed', pay.paid_at
        from hms.payments as pay
        inner join hms.wallets as wal on pay.patient_id = wal.patient_id
        where
            pay.invoice_id is not null
            and pay.status not in ('pending', 'failed')
            and not exists (
                select 1 from hms.payment_allocations as alc where alc.payment_id = pay.id
            )""",
    "a duplicate payment link": """
        insert into hms.payment_allocations (
            hospital_id, payment_id, invoice_id, amount, allocated_at
        )
        select hospital_id, payment_id, invoice_id, amount, allocated_at
        from hms.payment_allocations""",
}


def _totals(installation: Installation) -> dict[tuple[str, ...], Decimal]:
    """Sum measures by tenant, and what debtors owe less what they paid ahead."""
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    with installation.connect() as connection:
        for tenant in installation.tenants():
            connection.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
            for mart, measures in TOTALS.items():
                sums = ", ".join(f"sum({measure}) as {measure}" for measure in measures)
                row: dict[str, Any] = db.one(connection, f"select {sums} from marts.{mart}")
                for measure in measures:
                    found[tenant, mart, measure] = row[measure]
            row = db.one(connection, NET)
            found[tenant, "ar_aging", "net"] = row["gross"] - row["unapplied"]
    return found


@pytest.mark.parametrize("noise", NOISE)
def test_noise_changes_no_total(installation: Installation, noise: str) -> None:
    before = _totals(installation)
    assert all(before[tenant, "ar_aging", "net"] for tenant in installation.tenants())
    installation.run(NOISE[noise])
    outcome = installation.build()
    assert outcome.rows_landed > 0
    assert _totals(installation) == before
