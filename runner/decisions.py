"""Decisions on write-offs: one each, by somebody else than who asked, within what is open.

An approval may be reversed, once: what it gave up is open again from that day on (R2).
"""

from __future__ import annotations

from psycopg.rows import DictRow

from runner import db, rights, write_offs
from runner.errors import WriteOffError

LOCK = 4_017_003  # with a digest of the share of an invoice that is being decided upon
DECISION = (
    "insert into almoner.write_off_decisions"
    " (write_off_id, tenant_id, status, reason, business_date, decided_by)"
    " values (%(write_off)s, %(tenant)s, %(status)s, %(reason)s, %(day)s, %(who)s)"
)
REVERSAL = (
    "insert into almoner.write_off_reversals"
    " (write_off_id, tenant_id, reason, business_date, reversed_by)"
    " values (%(write_off)s, %(tenant)s, %(reason)s, %(day)s, %(who)s)"
)


def approve(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Approve a pending write-off of somebody else's, if so much is still outstanding."""
    return _decide(connection, write_off, "approved", who, reason or None)


def reject(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Reject a pending write-off of somebody else's."""
    return _decide(connection, write_off, "rejected", who, write_offs.stated(reason))


def cancel(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Take back an own request that is pending."""
    return _decide(connection, write_off, "cancelled", who, write_offs.stated(reason))


def reverse(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Take back an approved write-off, whoever asked for it and approved it."""
    return _decide(connection, write_off, "reversed", who, write_offs.stated(reason))


def _decide(
    connection: db.Connection, write_off: int, status: str, who: str, reason: str | None
) -> DictRow:
    """Decide a write-off, one decision on its share of the invoice after another.

    What others decided meanwhile is seen by the statements after the lock, each of which has a
    snapshot of its own. Raises `WriteOffError`.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level read committed")
        asked = write_offs.find(connection, write_off)
        _check_state(asked, status)
        connection.execute(
            "select pg_advisory_xact_lock(%s, hashtext(%s))",
            (LOCK, f"{asked['tenant_id']} {asked['invoice_id']} {asked['share']}"),
        )
        found = write_offs.find(connection, write_off)
        tenant = found["tenant_id"]
        _check_state(found, status)
        _check_principal(connection, found, status, who)
        if status == "approved":
            _check_outstanding(connection, found)
        if status == "reversed":
            _check_recovered(connection, found)
        step = {
            "write_off": write_off, "tenant": tenant, "status": status, "who": who,
            "reason": reason, "day": write_offs.today(connection, tenant),
        }  # fmt: skip
        connection.execute(REVERSAL if status == "reversed" else DECISION, step)
        return write_offs.find(connection, write_off)


def _check_state(found: DictRow, status: str) -> None:
    if found["status"] == ("approved" if status == "reversed" else "pending"):
        return
    done = "reversed" if found["status"] == "reversed" else "decided"
    told = "it is pending"
    if found["status"] != "pending":
        who, when = found[f"{done}_by"], found[f"{done}_at"]
        told = f"it was {found['status']} by {who} at {when:%Y-%m-%d %H:%M}"
    raise WriteOffError(
        f"write-off {found['write_off_id']} cannot be {status}: {told}",
        f"`almoner writeoff show {found['write_off_id']}` shows each step",
    )


def _check_principal(connection: db.Connection, found: DictRow, status: str, who: str) -> None:
    """V3: approver and requester are two people; only who asked takes a request back.

    A reversal gives nothing up, so that whoever may approve may also reverse an own one.
    """
    number, is_own = found["write_off_id"], who == found["requested_by"]
    if status == "cancelled":
        if not is_own:
            raise WriteOffError(
                f"{who} may not cancel write-off {number}: {found['requested_by']} asked for it",
                f"`almoner writeoff reject {number} --reason TEXT` is for who may approve",
            )
        return
    rights.require(connection, found["tenant_id"], who, "approve")
    if is_own and status != "reversed":
        raise WriteOffError(
            f"{who} asked for write-off {number}: somebody else decides it",
            f"`almoner writeoff cancel {number}` takes it back",
        )


def _check_outstanding(connection: db.Connection, found: DictRow) -> None:
    place = (found["tenant_id"], found["invoice_id"], found["share"])
    state = write_offs.outstanding(connection, *place)
    number, currency = found["write_off_id"], found["currency_code"]
    write_offs.require_outstanding(found["amount"], currency, state, number)


def _check_recovered(connection: db.Connection, found: DictRow) -> None:
    """What was recovered is no receivable: the recovery is taken back first.

    What is no write-off in the journal, such as charity care, cannot be recovered.
    """
    query = "select event_type = 'write_off' as yes from seeds.adjustment_categories"
    if not db.one(connection, f"{query} where category = %s", found["category"])["yes"]:
        return
    place = (found["tenant_id"], found["invoice_id"], found["share"])
    state = write_offs.outstanding(connection, *place)
    given_up = round(state["given_up_amount"], state["exponent"])
    if found["amount"] <= given_up:
        return
    raise WriteOffError(
        f"write-off {found['write_off_id']}, {found['amount']:f} {found['currency_code']}, cannot"
        f" be reversed: only {given_up:f} is written off and not recovered",
        "take the recovery back where it was entered, then run `almoner build`",
    )
