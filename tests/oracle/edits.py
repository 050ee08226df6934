"""What may happen to the rows of an operational hms database, by name.

An edit is one SQL statement with drawn values (`chance.py`). It touches the rows that `row`
and `other` pick in a hospital. The order of picking makes edits meet: rows of one invoice lie
together, and for every other salt those of invoices that were credited, refunded or written
off come first.
"""

from __future__ import annotations

from tests.oracle.records import TABLES

OWN_INVOICE = {
    "invoices": "id",
    "invoice_items": "invoice_id",
    "invoice_instalments": "invoice_id",
    "payment_allocations": "invoice_id",
    "write_offs": "invoice_id",
    "insurance_claims": "coalesce(invoice_id, id)",
    "payments": "coalesce(invoice_id, id)",
    "credit_notes": "coalesce(invoice_id, id)",
    "refunds": "coalesce(invoice_id, id)",
    "wallet_transactions": "coalesce(invoice_id, id)",
    "credit_note_allocations": "invoice_id",
    "credit_note_items": "(select coalesce(cre.invoice_id, cre.id)"
    " from hms.credit_notes as cre where cre.id = credit_note_id)",
}
EVENTFUL = " union ".join(
    f"select {table}.invoice_id from hms.{table} where {table}.invoice_id is not null"
    for table in ("credit_notes", "refunds", "write_offs")
)


def _pick(table: str, condition: str, place: str) -> str:
    invoice = OWN_INVOICE.get(table, "id")
    is_late = f"%(salt)s %% 2 = 0 and {invoice} not in ({EVENTFUL})"
    return (
        f"(select (array_agg(id order by {is_late}, hashint8extended({invoice}, %(salt)s), id))"
        f"[(%({place})s %% greatest(count(*), 1))::int + 1]"
        f" from hms.{table} where hospital_id = %(hospital)s and ({condition}))"
    )


def row(table: str, condition: str = "true") -> str:
    """Pick the row that an edit is about."""
    return _pick(table, condition, "place")


def other(table: str, condition: str = "true") -> str:
    """Pick the row that another one shall name."""
    return _pick(table, condition, "other_place")


def change(table: str, values: str, condition: str = "true") -> str:
    """Write the statement that changes one row."""
    return f"update hms.{table} set {values} where id = {row(table, condition)}"


def change_hospital(values: str) -> str:
    """Write the statement that changes the hospital itself."""
    return f"update hms.hospitals set {values} where id = %(hospital)s"


def new(table: str, values: dict[str, str], source: str) -> str:
    """Write the statement that adds a row; `source` names what its values are read from."""
    columns = {"hospital_id": "src.hospital_id", **values}
    return (
        f"insert into hms.{table} ({', '.join(columns)})"
        f" select {', '.join(columns.values())} from {source}"
    )


NUMBER = "'E' || gen_random_uuid()"
INVOICE = f"hms.invoices as src where id = {row('invoices')}"
CREDITED = "id in (select cre.invoice_id from hms.credit_notes as cre)"
CREDITED_LINE = "invoice_id in (select cre.invoice_id from hms.credit_notes as cre)"
CREDITED_INVOICE = f"hms.invoices as src where id = {row('invoices', CREDITED)}"
REFUNDED = "id in (select rfd.payment_id from hms.refunds as rfd)"
TOP_UP = "type = 'top_up'"
ADVANCE = (
    "(invoice_id is null or id in (select alc.payment_id from hms.payment_allocations as alc))"
)
SETTLED = "id in (select alc.invoice_id from hms.payment_allocations as alc)"
EXECUTED = (
    "paid_at is not null and id in (select rfd.payment_id from hms.refunds as rfd"
    " where rfd.executed_at is not null)"
)
ALLOCATED = "id in (select alc.credit_note_id from hms.credit_note_allocations as alc)"
USED = (
    "issued_at is not null and id in (select alc.credit_note_id from"
    " hms.credit_note_allocations as alc union select rfd.credit_note_id from hms.refunds as rfd)"
)
PAYMENT = f"hms.payments as src where id = {row('payments')}"
ELSEWHERE = (
    "(select id from hms.invoices where hospital_id <> %(hospital)s order by id"
    " offset %(other_place)s limit 1)"
)
LIVE = "status in ('issued', 'partially_paid', 'paid')"

RECEIPT = {
    "number": NUMBER,
    "invoice_id": "src.id",
    "patient_id": "src.patient_id",
    "method": "%(method)s",
    "currency_code": "src.currency_code",
    "exchange_rate": "src.exchange_rate",
    "amount": "%(amount)s",
    "status": "'completed'",
    "paid_at": "%(instant)s",
}
CREDIT_NOTE = {
    "number": NUMBER,
    "invoice_id": "src.id",
    "share": "%(share)s",
    "currency_code": "src.currency_code",
    "exchange_rate": "src.exchange_rate",
    "net_amount": "0",
    "status": "'issued'",
    "issued_at": "src.issued_at + %(later)s",
}

LAST_CREDIT = (
    "(select max(cre.issued_at) from hms.credit_notes as cre where cre.invoice_id = src.id)"
)
REFUND = {
    "number": NUMBER,
    "payment_id": "src.id",
    "patient_id": "src.patient_id",
    "method": "'cash'",
    "share": "%(share)s",
    "currency_code": "src.currency_code",
    "exchange_rate": "src.exchange_rate",
    "amount": "%(amount)s",
    "status": "'executed'",
    "requested_at": "%(instant)s",
    "executed_at": "%(instant)s",
}
WRITE_OFF = {
    "invoice_id": "src.id",
    "category": "%(category)s",
    "share": "%(share)s",
    "currency_code": "src.currency_code",
    "exchange_rate": "src.exchange_rate",
    "amount": "%(amount)s",
    "status": "'approved'",
    "requested_by": "1",
    "approved_by": "2",
    "requested_at": "%(instant)s",
    "decided_at": "%(instant)s",
}
ALLOCATION = {
    "payment_id": "src.id",
    "amount": "round(src.amount * %(part)s, 2)",
    "allocated_at": "%(instant)s",
}
NOTE_ALLOCATION = {
    "credit_note_id": "src.id",
    "invoice_id": other("invoices"),
    "amount": "greatest(round(%(part)s * (select sum(itm.net_amount + itm.tax_amount) from"
    " hms.credit_note_items as itm where itm.credit_note_id = src.id), 2), 0.001)",
    "allocated_at": "%(instant)s",
}
NOTE = f"hms.credit_notes as src where id = {row('credit_notes')}"
WALLET_USE = {
    "wallet_id": "1",
    "patient_id": "coalesce(src.patient_id, 1)",
    "type": "%(wallet_type)s",
    "currency_code": "src.currency_code",
    "exchange_rate": "src.exchange_rate",
    "amount": "%(amount)s",
    "status": "'completed'",
    "transacted_at": "%(instant)s",
}


def _with_items(credit_note: dict[str, str], source: str = INVOICE) -> str:
    """Add a credit note of two lines, one of them for a line of the invoice."""
    return (
        f"with note as ({new('credit_notes', credit_note, source)} returning *) "
        "insert into hms.credit_note_items"
        " (hospital_id, credit_note_id, invoice_item_id, net_amount, tax_amount)"
        " select hospital_id, id,"
        " case when part.share < 1 then (select min(itm.id) from hms.invoice_items as itm"
        " where itm.invoice_id = note.invoice_id) end,"
        " greatest(round(%(amount)s * part.share, 3), 0.001), round(%(tax)s * part.share, 3)"
        " from note cross join unnest(array[0.3, 1]) as part (share)"
    )


EDITS = {
    "invoice issued on another day": change("invoices", "issued_at = %(instant)s"),
    "draft issued": change(
        "invoices", "status = 'issued', issued_at = %(instant)s", "status = 'draft'"
    ),
    "invoice back to draft": change("invoices", "status = 'draft'", LIVE),
    "invoice voided": change("invoices", "status = 'void', voided_at = %(instant)s", LIVE),
    "void of an invoice undone": change("invoices", "status = 'issued'", "status = 'void'"),
    "invoice in another currency": change(
        "invoices", "currency_code = %(currency)s, exchange_rate = %(rate)s"
    ),
    "allocated invoice in another currency": change(
        "invoices", "currency_code = %(currency)s, exchange_rate = %(rate)s", SETTLED
    ),
    "invoice due on another day": change("invoices", "due_date = %(instant)s::date"),
    "invoice without a due date": change("invoices", "due_date = null", "due_date is not null"),
    "invoice to another payer": change("invoices", f"payer_id = {other('insurance_payers')}"),
    "invoice to no payer": change("invoices", "payer_id = null", "payer_id is not null"),
    "invoice to another patient": change("invoices", f"patient_id = {other('patients')}"),
    "invoice of no department": change("invoices", "department_id = null"),
    "invoice of another visit": change("invoices", f"visit_id = {other('visits')}"),
    "invoice of another test order": change(
        "invoices", f"billable_type = 'test_order', billable_id = {other('test_orders')}"
    ),
    "line dearer": change("invoice_items", "unit_price = %(amount)s, discount_amount = 0"),
    "credited line dearer": change(
        "invoice_items", "unit_price = %(amount)s, discount_amount = 0", CREDITED_LINE
    ),
    "credited line of another discount": change(
        "invoice_items", "discount_amount = %(amount)s", CREDITED_LINE
    ),
    "line with another discount": change("invoice_items", "discount_amount = %(amount)s"),
    "line with a stated tax": change("invoice_items", "tax_amount = %(tax)s"),
    "line with a tax rate": change("invoice_items", "tax_amount = null, tax_rate = 19.25"),
    "line borne by the payer": change(
        "invoice_items", "payer_amount = round(quantity * unit_price * %(part)s, 3)"
    ),
    "line on another invoice": change("invoice_items", f"invoice_id = {other('invoices')}"),
    "line of another department": change(
        "invoice_items", f"department_id = {other('departments')}"
    ),
    "line of no department": change("invoice_items", "department_id = null"),
    "line on an invoice of another hospital": change("invoice_items", f"invoice_id = {ELSEWHERE}"),
    "line of another kind": change("invoice_items", "item_type = %(kind)s"),
    "invoice of another application": change("invoices", "source_app = %(app)s"),
    "department of another name": change("departments", f"code = {NUMBER}, name = %(department)s"),
    "visit of another department": change("visits", f"department_id = {other('departments')}"),
    "visit over at another time": change(
        "visits",
        "status = 'completed', entered_at = least(entered_at, %(instant)s),"
        " exited_at = %(instant)s + %(later)s",
        "id in (select visit_id from hms.invoices)",
    ),
    "visit not over": change("visits", "status = 'in_consultation', exited_at = null"),
    "test order of no department": change("test_orders", "department_id = null"),
    "pharmacy sale of another department": change(
        "pharmacy_sales", f"department_id = {other('departments')}"
    ),
    "instalment added": new(
        "invoice_instalments",
        {
            "invoice_id": "src.id",
            "number": "(select count(*) + 10 from hms.invoice_instalments)",
            "due_date": "%(instant)s::date",
            "amount": "%(amount)s",
        },
        INVOICE,
    ),
    "instalment due on another day": change("invoice_instalments", "due_date = %(instant)s::date"),
    "payer with other terms": change("insurance_payers", "terms_days = %(place)s * 11"),
    "payment on an invoice": new("payments", RECEIPT, INVOICE),
    "payment by a payer": new(
        "payments", {**RECEIPT, "payer_id": other("insurance_payers")}, INVOICE
    ),
    "payment before its invoice": new(
        "payments", {**RECEIPT, "paid_at": "src.issued_at - %(later)s"}, INVOICE
    ),
    "payment on account": new("payments", {**RECEIPT, "invoice_id": "null"}, INVOICE),
    "payment in another currency": change(
        "payments", "currency_code = %(currency)s, exchange_rate = %(rate)s"
    ),
    "payment of another amount": change("payments", "amount = %(amount)s"),
    "payment on another day": change("payments", "paid_at = %(instant)s"),
    "payment to another invoice": change("payments", f"invoice_id = {other('invoices')}"),
    "payment of another patient": change("payments", f"patient_id = {other('patients')}"),
    "payment of nobody": change("payments", "patient_id = null", "patient_id is not null"),
    "allocated payment of another patient": change(
        "payments",
        f"patient_id = {other('patients')}",
        "id in (select alc.payment_id from hms.payment_allocations as alc)",
    ),
    "payment to no invoice": change("payments", "invoice_id = null", "invoice_id is not null"),
    "payment to an invoice of another hospital": change("payments", f"invoice_id = {ELSEWHERE}"),
    "payment voided": change("payments", "status = 'voided', voided_at = %(instant)s"),
    "refunded payment voided": change(
        "payments",
        "status = 'voided', voided_at = %(later)s + (select max(rfd.executed_at)"
        " from hms.refunds as rfd where rfd.payment_id = payments.id)",
        EXECUTED,
    ),
    "payment pending": change("payments", "status = 'pending'"),
    "payment by wallet": change(
        "payments",
        f"method = 'wallet', wallet_transaction_id = {other('wallet_transactions')}",
    ),
    "payment of a top-up": change(
        "payments", f"wallet_transaction_id = {other('wallet_transactions', TOP_UP)}"
    ),
    "payment no longer by wallet": change(
        "payments", "wallet_transaction_id = null", "wallet_transaction_id is not null"
    ),
    "payment allocated": new(
        "payment_allocations", {**ALLOCATION, "invoice_id": other("invoices")}, PAYMENT
    ),
    "payment allocated to its invoice": new(
        "payment_allocations",
        {**ALLOCATION, "invoice_id": f"coalesce(src.invoice_id, {other('invoices')})"},
        PAYMENT,
    ),
    "refunded payment allocated": new(
        "payment_allocations",
        {**ALLOCATION, "invoice_id": other("invoices")},
        f"hms.payments as src where id = {row('payments', REFUNDED)}",
    ),
    "allocation to another invoice": change(
        "payment_allocations", f"invoice_id = {other('invoices')}"
    ),
    "allocation of another payment": change(
        "payment_allocations", f"payment_id = {other('payments')}"
    ),
    "allocation on another day": change("payment_allocations", "allocated_at = %(instant)s"),
    "credit note": _with_items(CREDIT_NOTE),
    "credit note after another": _with_items(
        {**CREDIT_NOTE, "issued_at": f"{LAST_CREDIT} + %(later)s"}, CREDITED_INVOICE
    ),
    "credit note drafted": _with_items({**CREDIT_NOTE, "status": "'draft'"}),
    "credit note voided": change(
        "credit_notes",
        "status = 'void', issued_at = coalesce(issued_at, %(instant)s), voided_at = %(instant)s",
    ),
    "credit note voided soon": change(
        "credit_notes", "status = 'void', voided_at = issued_at + %(later)s", "status = 'issued'"
    ),
    "refunded credit note voided": change(
        "credit_notes",
        "status = 'void', voided_at = issued_at + %(later)s + interval '5 days'",
        USED,
    ),
    "credit note on another day": change(
        "credit_notes", "status = 'issued', issued_at = %(instant)s"
    ),
    "credit note of another invoice": change("credit_notes", f"invoice_id = {other('invoices')}"),
    "credit note of no invoice": change("credit_notes", "invoice_id = null"),
    "credit note of the other share": change("credit_notes", "share = %(share)s"),
    "credit note in another currency": change("credit_notes", "currency_code = %(currency)s"),
    "credit note line of another amount": change("credit_note_items", "net_amount = %(amount)s"),
    "credit note allocated": new("credit_note_allocations", NOTE_ALLOCATION, NOTE),
    "credit note allocated to its own invoice": new(
        "credit_note_allocations",
        {**NOTE_ALLOCATION, "invoice_id": f"coalesce(src.invoice_id, {other('invoices')})"},
        NOTE,
    ),
    "credit note allocated on its day": new(
        "credit_note_allocations", {**NOTE_ALLOCATION, "allocated_at": "src.issued_at"}, NOTE
    ),
    "credit note allocation of another amount": change(
        "credit_note_allocations", "amount = %(amount)s"
    ),
    "credit note allocation on another day": change(
        "credit_note_allocations", "allocated_at = %(instant)s"
    ),
    "credit note allocation to another invoice": change(
        "credit_note_allocations", f"invoice_id = {other('invoices')}"
    ),
    "credit note allocation of another note": change(
        "credit_note_allocations", f"credit_note_id = {other('credit_notes')}"
    ),
    "refund of a payment": new("refunds", REFUND, PAYMENT),
    "refund of an allocated payment": new(
        "refunds",
        {**REFUND, "invoice_id": "alc.invoice_id"},
        "hms.payment_allocations as alc inner join hms.payments as src on alc.payment_id = src.id"
        f" where alc.id = {row('payment_allocations')}",
    ),
    "another refund of a payment": new(
        "refunds",
        {**REFUND, "amount": "round(src.amount * %(part)s, 2)"},
        f"hms.payments as src where id = {row('payments', REFUNDED)}",
    ),
    "another refund that names an invoice": new(
        "refunds",
        {
            **REFUND,
            "amount": "round(src.amount * %(part)s, 2)",
            "invoice_id": f"coalesce(src.invoice_id, {other('invoices')})",
        },
        f"hms.payments as src where id = {row('payments', REFUNDED)}",
    ),
    "refund of a credit note": new(
        "refunds",
        {**REFUND, "invoice_id": "src.invoice_id", "credit_note_id": other("credit_notes")},
        PAYMENT,
    ),
    "refund of an allocated credit note": new(
        "refunds",
        {**REFUND, "payment_id": "null", "credit_note_id": "src.id"},
        f"hms.credit_notes as src where id = {row('credit_notes', ALLOCATED)}",
    ),
    "refund asked for": new(
        "refunds", {**REFUND, "status": "'requested'", "executed_at": "null"}, PAYMENT
    ),
    "refund of another amount": change("refunds", "amount = %(amount)s"),
    "refund executed": change("refunds", "status = 'executed', executed_at = %(instant)s"),
    "refund voided": change("refunds", "status = 'voided', voided_at = %(instant)s"),
    "refund of another payment": change(
        "refunds", f"payment_id = {other('payments')}, invoice_id = null"
    ),
    "wallet used on an invoice": new(
        "wallet_transactions", {**WALLET_USE, "invoice_id": "src.id"}, INVOICE
    ),
    "wallet used beside a payment": new(
        "wallet_transactions",
        {**WALLET_USE, "payment_id": "src.id", "invoice_id": "src.invoice_id"},
        PAYMENT,
    ),
    "top-up beside a payment": new(
        "wallet_transactions", {**WALLET_USE, "type": "'top_up'", "payment_id": "src.id"}, PAYMENT
    ),
    "top-up beside an advance": new(
        "wallet_transactions",
        {**WALLET_USE, "type": "'top_up'", "payment_id": "src.id"},
        f"hms.payments as src where id = {row('payments', ADVANCE)}",
    ),
    "wallet refund of a payment": new(
        "wallet_transactions",
        {**WALLET_USE, "type": "'refund'", "payment_id": "src.id"},
        PAYMENT,
    ),
    "refund into a wallet of a refunded payment": new(
        "wallet_transactions",
        {**WALLET_USE, "type": "'refund'", "payment_id": "src.id"},
        f"hms.payments as src where id = {row('payments', REFUNDED)}",
    ),
    "wallet used for nothing": new("wallet_transactions", WALLET_USE, INVOICE),
    "wallet transaction of another type": change("wallet_transactions", "type = %(wallet_type)s"),
    "wallet transaction of another patient": change(
        "wallet_transactions", f"patient_id = {other('patients')}"
    ),
    "wallet transaction voided": change(
        "wallet_transactions", "status = 'voided', voided_at = %(instant)s"
    ),
    "wallet transaction failed": change("wallet_transactions", "status = 'failed'"),
    "wallet transaction to another invoice": change(
        "wallet_transactions",
        f"invoice_id = {other('invoices')}, transacted_at = %(instant)s",
    ),
    "wallet transaction beside another payment": change(
        "wallet_transactions", f"payment_id = {other('payments')}"
    ),
    "wallet transaction that names no payment": change(
        "wallet_transactions",
        "payment_id = null",
        "id in (select pay.wallet_transaction_id from hms.payments as pay)",
    ),
    "write-off": new("write_offs", WRITE_OFF, INVOICE),
    "write-off by one person": new("write_offs", {**WRITE_OFF, "approved_by": "1"}, INVOICE),
    "write-off in another currency": new(
        "write_offs", {**WRITE_OFF, "currency_code": "%(currency)s"}, INVOICE
    ),
    "write-off reversed": change("write_offs", "reversed_at = %(instant)s", "status = 'approved'"),
    "write-off approved": change(
        "write_offs",
        "status = 'approved', requested_by = 1, approved_by = 2, decided_at = %(instant)s",
    ),
    "write-off rejected": change("write_offs", "status = 'rejected'"),
    "write-off of another invoice": change("write_offs", f"invoice_id = {other('invoices')}"),
    "claim drafted": change("insurance_claims", "status = 'draft'"),
    "claim sent": change("insurance_claims", "status = 'submitted', submitted_at = %(instant)s"),
    "claim denied": change(
        "insurance_claims",
        "status = 'denied', denied_amount = 0, denial_reason = 'not covered',"
        " submitted_at = coalesce(submitted_at, %(instant)s), decided_at = %(instant)s",
    ),
    "claim paid in part": change(
        "insurance_claims",
        "status = 'paid', paid_amount = round(claimed_amount * %(part)s, 3),"
        " approved_amount = round(claimed_amount * %(part)s, 3),"
        " denied_amount = claimed_amount - round(claimed_amount * %(part)s, 3),"
        " submitted_at = coalesce(submitted_at, %(instant)s), decided_at = %(instant)s",
    ),
    "claim in another currency": change("insurance_claims", "currency_code = %(currency)s"),
    "claim to another payer": change(
        "insurance_claims", f"payer_id = {other('insurance_payers')}"
    ),
    "claim of another invoice": change("insurance_claims", f"invoice_id = {other('invoices')}"),
    "stock moved on another day": change("inventory_ledger", "moved_at = %(instant)s"),
    "stock moved elsewhere": change("inventory_ledger", f"location_id = {other('locations')}"),
    "more stock moved": change("inventory_ledger", "quantity = quantity - 1000.5"),
    "stock of another batch": change("inventory_ledger", f"batch_id = {other('batches')}"),
    "batch expires on another day": change("batches", "expiry_date = %(instant)s::date"),
    "location holds no stock": change("locations", "location_type = 'customer'"),
}
HOSPITAL_EDITS = {
    "hospital moved to London": change_hospital("time_zone = 'Europe/London'"),
    "hospital moved to Kathmandu": change_hospital("time_zone = 'Asia/Kathmandu'"),
    "hospital with another cutoff": change_hospital("day_cutoff = '03:30'"),
    "hospital with another currency": change_hospital("currency_code = 'KWD'"),
}
# a hospital that cannot be dated or translated has no figures at all: only the last one
GRAVE_EDITS = {
    "hospital without a time zone": change_hospital("time_zone = null"),
    "hospital in an unknown time zone": change_hospital("time_zone = 'Mars/Base'"),
    "hospital with an unknown currency": change_hospital("currency_code = 'XXQ'"),
    "hospital deleted": "delete from hms.hospitals where id = %(hospital)s",
}
DELETIONS = {
    f"{table}: row deleted": f"delete from hms.{table} where id = {row(table)}"
    for table in TABLES
    if table != "hospitals"
}
STATEMENTS = EDITS | DELETIONS | HOSPITAL_EDITS | GRAVE_EDITS
