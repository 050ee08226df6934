"""Write-offs that people ask for and decide here; the next build posts what was approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import DictRow

from runner import amounts, db, landing, rights
from runner.errors import ConfigError, WriteOffError

FEED = "almoner__landed_write_offs"
CATEGORIES = (
    "bad_debt", "charity_care", "contractual_adjustment", "administrative_error",
    "uncollectible", "deceased_patient", "small_balance", "other",
)  # fmt: skip
STATUSES = ("pending", "approved", "rejected", "cancelled", "reversed")


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
        stated(asked.reason),
        today(connection, asked.tenant),
        who,
    )
    return int(row["write_off_id"])


def outstanding(connection: db.Connection, tenant: str, invoice: int, share: str) -> DictRow:
    """Give what a share of an invoice has open, with what was approved and reversed since.

    With its currency, rate and exponent, and what is written off and not recovered. Raises
    `WriteOffError` if the tenant reads no such invoice, or keeps the ledger that it stands in.
    """
    place = {"tenant": tenant, "invoice": invoice, "share": share}
    row = connection.execute(
        db.script("outstanding"), {**place, "today": today(connection, tenant)}
    ).fetchone()
    if row is None:
        raise WriteOffError(
            f"{tenant} has no issued invoice {invoice}",
            f"`almoner export invoice_balances --tenant {tenant} --out -` lists those it has",
        )
    if row["is_of_ledger"]:
        raise WriteOffError(
            f"invoice {invoice} stands in a ledger that {tenant} keeps itself",
            "write it off there, then run `almoner build`: the figures keep to that ledger",
        )
    return row


def today(connection: db.Connection, tenant: str) -> date:
    """Give a tenant's business date (T1).

    Raises `WriteOffError` if the tenant reads nothing yet.
    """
    for row in db.rows(connection, db.script("today"), tenant):
        day: date = row["business_date"]
        return day
    raise WriteOffError(f"nothing is published to {tenant}", "run `almoner build`")


def _check_amount(asked: Request, found: DictRow) -> None:
    amount, exponent = asked.amount, found["exponent"]
    if not amounts.fits(amount, exponent) or amount <= 0:
        raise ConfigError(
            f"{amount} is no amount in {found['currency_code']}",
            f"give one above zero with up to {exponent} decimals:"
            " `almoner writeoff request --help`",
        )
    require_outstanding(amount, found["currency_code"], found)


def require_outstanding(
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


def stated(reason: str) -> str:
    """Give a reason without blanks around it; raise `ConfigError` for one that says nothing."""
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


def waiting(connection: db.Connection) -> int:
    """Count what was asked for or decided since the last release had it."""
    return int(db.one(connection, db.script("waiting_write_offs"))["size"])


def land(connection: db.Connection, release: int) -> int:
    """Let a release have what was asked for or decided since the last one; count it.

    The caller is the builder: what is decided while it builds waits for the next release.
    """
    with connection.transaction():
        connection.execute("select almoner.fence(%s)", (release,))
        landed = connection.execute(db.script("land_write_offs"), {"release": release}).rowcount
        if landed:
            landing.log_feed(connection, release, FEED)
            connection.execute(
                "insert into almoner.landings values (%s, 'almoner', %s, %s, 0, 0)",
                (release, FEED, landed),
            )
    return landed
