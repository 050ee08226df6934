"""Changes that reach a model by a way of their own: incremental equals full (T3)."""

from __future__ import annotations

import psycopg
import pytest

from tests.acceptance.conftest import Installation
from tests.acceptance.test_marts_equal_the_oracle import check
from tests.conftest import Databases

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
# the whole payment of a credited invoice settles another one, and then its own again
LENT = """
insert into hms.payment_allocations (hospital_id, payment_id, invoice_id, amount, allocated_at)
select distinct on (pay.id)
    pay.hospital_id, pay.id, inv.id, pay.amount, pay.paid_at + interval '1 day'
from hms.payments as pay
inner join hms.credit_notes as cre on pay.invoice_id = cre.invoice_id
inner join hms.invoices as inv on pay.hospital_id = inv.hospital_id and pay.invoice_id < inv.id
where pay.paid_at < cre.issued_at
order by pay.id, inv.id
"""
RETURNED = """
delete from hms.payment_allocations as alc
using hms.payments as pay
where alc.payment_id = pay.id and alc.amount = pay.amount and pay.invoice_id is not null
"""
NO_TIME_ZONE = "update hms.hospitals set time_zone = '' where id = 3"

# refunds of one receipt, for two invoices and more than it
REFUNDS = """
update hms.payments set invoice_id = null where id in (
    select min(pay.id) from hms.payments as pay
    where pay.status = 'completed' and pay.payer_id is null and pay.wallet_transaction_id is null
    group by pay.hospital_id
);
insert into hms.payment_allocations (hospital_id, payment_id, invoice_id, amount, allocated_at)
select
    pay.hospital_id, pay.id, inv.id, round(pay.amount * 0.4, 2),
    pay.paid_at + interval '1 day' * row_number() over (partition by pay.id order by inv.id)
from hms.payments as pay
inner join lateral (
    select inn.id from hms.invoices as inn
    where
        inn.hospital_id = pay.hospital_id
        and inn.currency_code = pay.currency_code
        and inn.status = 'issued'
    order by inn.id limit 2
) as inv on true
where pay.id in (select min(low.id) from hms.payments as low where low.invoice_id is null
    and low.status = 'completed' group by low.hospital_id);
insert into hms.refunds (
    hospital_id, number, payment_id, patient_id, share, method, currency_code, exchange_rate,
    amount, status, requested_at, executed_at
)
select
    pay.hospital_id, 'S' || pay.id || '-' || part.number, pay.id, pay.patient_id, 'patient',
    'cash', pay.currency_code, pay.exchange_rate, round(pay.amount * part.share, 2), 'executed',
    pay.paid_at, pay.paid_at + interval '5 days' + interval '1 day' * part.number
from (
    select distinct alc.payment_id from hms.payment_allocations as alc
) as alc
inner join hms.payments as pay on alc.payment_id = pay.id
cross join (values (1, 0.15), (2, 0.3), (3, 0.35), (4, 0.25)) as part (number, share)
"""
FIRST = "number like 'S%-1'"
OF_SECOND = "id in (select rfd.payment_id from hms.refunds as rfd where rfd.number like 'S%-2')"
REFUND_EDITS = (
    f"update hms.refunds set status = 'voided', voided_at = executed_at + interval '36 hours'"
    f" where {FIRST}",
    "update hms.refunds set invoice_id = (select min(alc.invoice_id)"
    " from hms.payment_allocations as alc where alc.payment_id = refunds.payment_id)"
    " where number like 'S%-2'",
    "update hms.refunds set payment_id = (select max(pay.id) from hms.payments as pay"
    " where pay.hospital_id = refunds.hospital_id and pay.status = 'completed')"
    " where number like 'S%-3'",
    "update hms.invoices set currency_code = 'KWD' where id in (select max(alc.invoice_id)"
    " from hms.payment_allocations as alc group by alc.payment_id)",
    "insert into hms.wallet_transactions (hospital_id, wallet_id, patient_id, type, payment_id,"
    " currency_code, exchange_rate, amount, status, transacted_at) select pay.hospital_id, 1,"
    " coalesce(pay.patient_id, 1), 'refund', pay.id, pay.currency_code, pay.exchange_rate,"
    " round(pay.amount * 0.6, 2), 'completed', pay.paid_at + interval '156 hours'"
    f" from hms.payments as pay where {OF_SECOND}",
    "update hms.wallet_transactions set payment_id = (select max(pay.id) from hms.payments as pay"
    " where pay.hospital_id = wallet_transactions.hospital_id and pay.status = 'completed')"
    " where id = (select max(wal.id) from hms.wallet_transactions as wal)",
    "update hms.payments set status = 'voided', voided_at = paid_at + interval '8 days'"
    f" where {OF_SECOND}",
    f"delete from hms.refunds where {FIRST}",
)

# a credit note of a whole invoice, half of it used on another one that has its own credit note
ALLOCATIONS = """
with chosen as (
    select
        inv.*,
        lead(inv.id) over (partition by inv.hospital_id, inv.currency_code order by inv.id)
            as other_id
    from hms.invoices as inv
    where
        inv.status = 'issued'
        and not exists (select from hms.credit_notes as cre where cre.invoice_id = inv.id)
),
notes as (
    insert into hms.credit_notes (
        hospital_id, number, invoice_id, patient_id, share, currency_code, exchange_rate,
        net_amount, status, issued_at
    )
    select
        cho.hospital_id, 'A' || cho.id, cho.id, cho.patient_id, 'patient', cho.currency_code,
        cho.exchange_rate, cho.total_amount, 'issued', cho.issued_at + interval '3 days'
    from chosen as cho
    where cho.other_id is not null and cho.total_amount > 10
    returning *
),
items as (
    insert into hms.credit_note_items (hospital_id, credit_note_id, net_amount, tax_amount)
    select hospital_id, id, net_amount, 0 from notes
)
insert into hms.credit_note_allocations (
    hospital_id, credit_note_id, invoice_id, amount, allocated_at
)
select
    nte.hospital_id, nte.id, cho.other_id, round(nte.net_amount / 2),
    nte.issued_at + interval '1 day' * (nte.id % 3)
from notes as nte
inner join chosen as cho on nte.invoice_id = cho.id
"""
ALLOCATION_EDITS = (
    "update hms.credit_note_allocations set amount = amount * 1.5 where id % 3 = 0",
    "update hms.credit_notes set status = 'void', voided_at = issued_at + interval '2 days'"
    " where number like 'A%' and id % 5 = 0",
    "insert into hms.refunds (hospital_id, number, credit_note_id, share, method, currency_code,"
    " exchange_rate, amount, status, requested_at, executed_at) select hospital_id, 'A' || id, id,"
    " 'patient', 'cash', currency_code, exchange_rate, net_amount * 0.4, 'executed', issued_at,"
    " issued_at + interval '36 hours' from hms.credit_notes where number like 'A%' and id % 2 = 0",
    "delete from hms.credit_note_allocations where id % 4 = 0",
    "delete from hms.credit_note_items where id in (select max(itm.id)"
    " from hms.credit_note_items as itm group by itm.hospital_id)",
)
WITHOUT_ALLOCATIONS = "drop table hms.credit_note_allocations"


def test_a_payment_changes_what_it_settles_and_an_orphan_loses_its_tenant(
    installation: Installation,
) -> None:
    installation.run(WALLET_LINKS)
    installation.run(ORPHAN_CREDIT_LINE)
    installation.run(LENT)
    installation.build()
    installation.run(NO_WALLET_LINKS)
    installation.run(RETURNED)
    installation.run(NO_TIME_ZONE)
    installation.build(accept_deletions=True)
    assert installation.recomputed() == []


def test_a_refund_moves_those_of_its_receipt_that_come_after_it(
    installation: Installation,
) -> None:
    installation.run(REFUNDS)
    installation.build()
    _edit_two_by_two(installation, REFUND_EDITS)
    assert installation.recomputed() == []


def test_a_credit_note_is_used_on_another_invoice(installation: Installation) -> None:
    installation.run(ALLOCATIONS)
    installation.build()
    check(installation)
    _edit_two_by_two(installation, ALLOCATION_EDITS)
    assert installation.recomputed() == []


def _edit_two_by_two(installation: Installation, edits: tuple[str, ...]) -> None:
    """Build after two edits each, and compare after four."""
    for number in range(0, len(edits), 2):
        installation.run("; ".join(edits[number : number + 2]))
        installation.build(accept_deletions=True)
        if number % 4 == 2 or number + 2 >= len(edits):
            check(installation)


def test_a_source_without_allocations_of_credit_notes_builds(
    installation: Installation, databases: Databases
) -> None:
    installation.run(WITHOUT_ALLOCATIONS)
    bare = installation.from_nothing(databases)
    with psycopg.connect(bare.target) as connection:
        (found,) = connection.execute(
            "select count(*) filter (where document_type = 'credit_note_allocation') = 0"
            " and count(*) > 0 from core.fct_postings"
        ).fetchall()
    assert found == (True,)
