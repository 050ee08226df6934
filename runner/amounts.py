"""Amounts that people tell: which of them reports can add up."""

from __future__ import annotations

from decimal import Decimal

MOST = Decimal(10) ** 14  # beyond what reports can add up


def fits(amount: Decimal, exponent: int) -> bool:
    """Tell whether an amount is a number, not too large, with no more decimals than `exponent`."""
    return amount.is_finite() and abs(amount) < MOST and amount == round(amount, exponent)
