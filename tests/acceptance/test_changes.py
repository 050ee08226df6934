"""Changes that reach a model by a way of their own: incremental equals full (T3)."""

from __future__ import annotations

import pytest

from runner import db
from tests.acceptance.conftest import Installation

pytestmark = pytest.mark.acceptance

LINKED = "select pay.wallet_transaction_id from hms.payments as pay"
WALLET_LINKS = f"""
update hms.wallet_transactions set payment_id = null where id in ({LINKED});
update hms.payments set invoice_id = null where wallet_transaction_id is not null;
with notes as (
    insert into hms.credit_notes (
        hospital_id, number, invoice_id, patient_id, share, currency_code, exchange_rate,
        net_amount, status, issued_at
    )
    select
        inv.hospital_id, 'W' || inv.id, inv.id, inv.patient_id, 'patient', inv.currency_code,
        inv.exchange_rate, inv.total_amount, 'issued', inv.issued_at + interval '20 days'
    from hms.invoices as inv
    where inv.id in (
        select wal.invoice_id
        from hms.wallet_transactions as wal
        where wal.type <> 'refund' and wal.id in ({LINKED})
    )
    returning *
)
insert into hms.credit_note_items (hospital_id, credit_note_id, net_amount, tax_amount)
select hospital_id, id, net_amount, 0 from notes
"""
NO_WALLET_LINKS = """
delete from hms.payments where wallet_transaction_id is not null and id % 2 = 0;
update hms.payments set wallet_transaction_id = null where wallet_transaction_id is not null
"""
ORPHAN_CREDIT_LINE = """
alter table hms.credit_note_items drop constraint credit_note_items_credit_note_id_fkey;
update hms.credit_note_items set credit_note_id = 999999 where id in (
    select min(itm.id) from hms.credit_note_items as itm group by itm.hospital_id
)
"""
NO_TIME_ZONE = "update hms.hospitals set time_zone = '' where id = 3"


def test_a_payment_leaves_its_wallet_and_an_orphan_loses_its_tenant(
    installation: Installation,
) -> None:
    installation.run(WALLET_LINKS)
    installation.run(ORPHAN_CREDIT_LINE)
    installation.build()
    installation.run(NO_WALLET_LINKS)
    installation.run(NO_TIME_ZONE)
    installation.build(accept_deletions=True)
    assert _feeds_of_a_full_build(installation) == []


def _feeds_of_a_full_build(installation: Installation) -> list[str]:
    """Compute everything, and name the models that came out different."""
    release = installation.build(full=True).release
    with installation.connect() as connection:
        logged = db.rows(
            connection, "select feed from almoner.feed_log where release_id = %s", release
        )
    return [row["feed"] for row in logged]
