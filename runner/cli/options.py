"""Options that several commands take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import click

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def iso_date(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Read a date as ISO 8601 writes it."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date such as 2026-10-31.") from error


def decimal(_: click.Context, __: click.Parameter, value: str) -> Decimal:
    """Read an amount as it is written."""
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise click.BadParameter(f"{value!r} is no amount such as 120.50.") from error
