"""Write-offs that people ask for and decide here; the next build posts what was approved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from psycopg.rows import DictRow

from runner import db, landing, rights
from runner.errors import ConfigError, WriteOffError

FEED = "almoner__landed_write_offs"
LOCK = 4_017_003  # with a digest of the share of an invoice that is being decided upon
CATEGORIES = (
    "bad_debt", "charity_care", "contractual_adjustment", "administrative_error",
    "uncollectible", "deceased_patient", "small_balance", "other",
)  # fmt: skip
STATUSES = ("pending", "approved", "rejected", "cancelled")


@dataclass(frozen=True)
class Request:
    """What is to be given up of the patient's or the payer's share of an invoice, and why."""

    tenant: str
    invoice: int
    share: str
    category: str
    amount: Decimal
    reason: str


def request(connection: db.Connection, asked: Request, who: str) -> int:
    """Keep a request, and give its number.

    Raises `WriteOffError` if the principal may not ask, there is no such invoice, or less is
    outstanding.
    """
    rights.require(connection, asked.tenant, who, "request")
    found = outstanding(connection, asked.tenant, asked.invoice, asked.share)
    _check_amount(asked, found)
    row = db.one(
        connection,
        "insert into almoner.write_offs (tenant_id, invoice_id, share, category, currency_code,"
        " base_rate, amount, reason, business_date, requested_by)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning write_off_id",
        asked.tenant,
        asked.invoice,
        asked.share,
        asked.category,
        found["currency_code"],
        found["base_rate"],
        round(asked.amount, found["exponent"]),
        _text(asked.reason),
        found["business_date"],
        who,
    )
    return int(row["write_off_id"])


def approve(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Approve a pending write-off of somebody else's, if so much is still outstanding."""
    return _decide(connection, write_off, "approved", who, reason or None)


def reject(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Reject a pending write-off of somebody else's."""
    return _decide(connection, write_off, "rejected", who, _text(reason))


def cancel(connection: db.Connection, write_off: int, who: str, reason: str) -> DictRow:
    """Take back an own request that is pending."""
    return _decide(connection, write_off, "cancelled", who, _text(reason))


def _decide(
    connection: db.Connection, write_off: int, status: str, who: str, reason: str | None
) -> DictRow:
    """Decide a write-off, one decision on its share of the invoice after another.

    What others decided meanwhile is seen by the statements after the lock, each of which has a
    snapshot of its own. Raises `WriteOffError`.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level read committed")
        asked = find(connection, write_off)
        _check_state(asked, status)
        connection.execute(
            "select pg_advisory_xact_lock(%s, hashtext(%s))",
            (LOCK, f"{asked['tenant_id']} {asked['invoice_id']} {asked['share']}"),
        )
        found = find(connection, write_off)
        _check_state(found, status)
        _check_principal(connection, found, status, who)
        state = outstanding(connection, found["tenant_id"], found["invoice_id"], found["share"])
        if status == "approved":
            _check_outstanding(found["amount"], found["currency_code"], state, write_off)
        connection.execute(
            "insert into almoner.write_off_decisions"
            " (write_off_id, tenant_id, status, reason, business_date, decided_by)"
            " values (%s, %s, %s, %s, %s, %s)",
            (write_off, found["tenant_id"], status, reason, state["business_date"], who),
        )
        return find(connection, write_off)


def _check_state(found: DictRow, status: str) -> None:
    if found["status"] != "pending":
        raise WriteOffError(
            f"write-off {found['write_off_id']} cannot be {status}: it was {found['status']}"
            f" by {found['decided_by']} at {found['decided_at']:%Y-%m-%d %H:%M}",
            f"`almoner writeoff show {found['write_off_id']}` shows each step",
        )


def _check_principal(connection: db.Connection, found: DictRow, status: str, who: str) -> None:
    """V3: approver and requester are two people; only who asked takes a request back."""
    number, is_own = found["write_off_id"], who == found["requested_by"]
    if status == "cancelled":
        if not is_own:
            raise WriteOffError(
                f"{who} may not cancel write-off {number}: {found['requested_by']} asked for it",
                f"`almoner writeoff reject {number} --reason TEXT` is for who may approve",
            )
        return
    rights.require(connection, found["tenant_id"], who, "approve")
    if is_own:
        raise WriteOffError(
            f"{who} asked for write-off {number}: somebody else decides it",
            f"`almoner writeoff cancel {number}` takes it back",
        )


def outstanding(connection: db.Connection, tenant: str, invoice: int, share: str) -> DictRow:
    """Give what a share of an invoice has open, less what was approved since its publication.

    With its currency, rate and exponent, and the tenant's business date. Raises
    `WriteOffError` if the tenant reads no such invoice.
    """
    row = connection.execute(
        db.script("outstanding"), {"tenant": tenant, "invoice": invoice, "share": share}
    ).fetchone()
    if row is None:
        raise WriteOffError(
            f"{tenant} has no issued invoice {invoice}",
            f"`almoner export invoice_balances --tenant {tenant} --out -` lists those it has",
        )
    return row


def _check_amount(asked: Request, found: DictRow) -> None:
    amount, exponent = asked.amount, found["exponent"]
    if not amount.is_finite() or amount <= 0 or amount != round(amount, exponent):
        raise ConfigError(
            f"{amount} is no amount in {found['currency_code']}",
            f"give one above zero with up to {exponent} decimals:"
            " `almoner writeoff request --help`",
        )
    _check_outstanding(amount, found["currency_code"], found)


def _check_outstanding(
    amount: Decimal, currency: str, state: DictRow, write_off: int | None = None
) -> None:
    """V3: what is written off never exceeds what is outstanding, in the invoice's currency."""
    open_amount = round(state["amount"], state["exponent"])
    if currency == state["currency_code"] and amount <= open_amount:
        return
    subject = "the amount" if write_off is None else f"write-off {write_off}"
    raise WriteOffError(
        f"{subject}, {amount:f} {currency}, exceeds what is outstanding:"
        f" {open_amount:f} {state['currency_code']}",
        "ask for less with `almoner writeoff request`, after `almoner build` if a receipt was"
        " taken back",
    )


def _text(reason: str) -> str:
    if not reason.strip():
        raise ConfigError(
            "a write-off needs a reason", "say it: `almoner writeoff request --reason TEXT`"
        )
    return reason.strip()


def find(connection: db.Connection, write_off: int) -> DictRow:
    """Give one write-off.

    Raises `ConfigError` if there is none of that number.
    """
    for row in listing(connection, write_off=write_off):
        return row
    raise ConfigError(f"there is no write-off {write_off}", "`almoner writeoff list` shows them")


def listing(
    connection: db.Connection,
    tenant: str | None = None,
    status: str | None = None,
    write_off: int | None = None,
) -> list[DictRow]:
    """List write-offs, the newest first; of a tenant, in a status."""
    return connection.execute(
        db.script("write_offs"), {"tenant": tenant, "status": status, "write_off": write_off}
    ).fetchall()


def steps(connection: db.Connection, write_off: int) -> list[DictRow]:
    """List who did what with a write-off and when, the first step first."""
    find(connection, write_off)
    return connection.execute(db.script("write_off_steps"), {"write_off": write_off}).fetchall()


def land(connection: db.Connection, release: int) -> int:
    """Let a release have what was asked for or decided since the last one; count it.

    The caller is the builder: what is decided while it builds waits for the next release.
    """
    with connection.transaction():
        connection.execute("select almoner.fence(%s)", (release,))
        landed = connection.execute(db.script("land_write_offs"), {"release": release}).rowcount
        if landed:
            landing.log_feed(connection, release, FEED)
    return landed
