"""What tenants mean to earn: told to Almoner itself, and released like any other input."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import DictRow

from runner import amounts, db, landing, project
from runner.errors import ConfigError

FEED = "almoner__revenue_targets"
ALL = "all"


@dataclass(frozen=True)
class Target:
    """Net revenue that a tenant means to have in a month; `amount` None takes it away.

    `month` is its first day; `revenue_point` is a code, or `all` for the tenant as a whole.
    """

    tenant: str
    month: date
    revenue_point: str
    currency: str
    amount: Decimal | None


def check(target: Target) -> None:
    """Raise `ConfigError` for a revenue point, a currency or an amount that cannot be."""
    points = {row["revenue_point_code"] for row in _seed("revenue_points")} | {ALL}
    if target.revenue_point not in points:
        raise ConfigError(
            f"there is no revenue point {target.revenue_point}",
            f"`almoner target set --revenue-point` takes one of {', '.join(sorted(points))}",
        )
    exponents = {row["currency_code"]: int(row["exponent"]) for row in _seed("currencies")}
    if target.currency not in exponents:
        raise ConfigError(
            f"there is no currency {target.currency}",
            "`almoner target set --currency` takes an ISO 4217 code",
        )
    amount, exponent = target.amount, exponents[target.currency]
    if amount is None:
        return
    if not amounts.fits(amount, exponent) or amount < 0:
        raise ConfigError(
            f"{amount} is no target in {target.currency}",
            f"give one of 0 or more with up to {exponent} decimals: `almoner target set --help`",
        )


def currency(connection: db.Connection, tenant: str) -> str:
    """Give the currency that a tenant keeps its books in.

    Raises `ConfigError` if the tenant reads nothing yet.
    """
    found = db.rows(
        connection, "select currency_code from core.dim_tenants where tenant_id = %s", tenant
    )
    if not found or found[0]["currency_code"] is None:
        raise ConfigError(
            f"the currency of {tenant} is not known",
            "name it: `almoner target set --currency EUR`",
        )
    return str(found[0]["currency_code"])


def listing(connection: db.Connection, tenant: str | None = None) -> list[DictRow]:
    """List the targets in force, which the next build publishes; of a tenant, if named."""
    return db.rows(
        connection,
        "select tenant_id, month_start_date, revenue_point_code, currency_code, amount, set_at,"
        " set_by from (select distinct on (tenant_id, month_start_date, revenue_point_code,"
        " currency_code) * from almoner.revenue_targets where tenant_id = coalesce(%s, tenant_id)"
        " order by tenant_id, month_start_date, revenue_point_code, currency_code,"
        " target_id desc) as las where amount is not null",
        tenant,
    )


def of(row: DictRow) -> Target:
    """Give the target that a row of the listing is."""
    return Target(
        row["tenant_id"],
        row["month_start_date"],
        row["revenue_point_code"],
        row["currency_code"],
        row["amount"],
    )


def write(
    connection: db.Connection, targets: Iterable[Target], release: int | None, who: str | None
) -> None:
    """Keep changes and say so in their feed, for the next build; in one transaction.

    `release` None: nothing is published, and the first build reads every target. `who` None:
    the login set them.
    """
    with connection.transaction():
        kept = [(release, target.tenant, _keep(connection, target, who)) for target in targets]
        if release is None:
            return
        connection.cursor().executemany(
            "insert into feed.almoner__revenue_targets (release_id, tenant_id, target_id)"
            " values (%s, %s, %s)",
            kept,
        )
        landing.log_feed(connection, release, FEED)


def _keep(connection: db.Connection, target: Target, who: str | None) -> int:
    row = db.one(
        connection,
        "insert into almoner.revenue_targets (tenant_id, month_start_date, revenue_point_code,"
        " currency_code, amount, set_by) values (%s, %s, %s, %s, %s, coalesce(%s, session_user))"
        " returning target_id",
        *astuple(target),
        who,
    )
    return int(row["target_id"])


def _seed(name: str) -> list[dict[str, str]]:
    with (project.root() / "seeds" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))
