"""Tables on a terminal and in a pipe."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from runner import tables

NAMES = ["mart", "release", "what it is"]
ROWS = [
    ["ar_aging", 12, "One row per tenant and bucket"],
    ["trial_balance", None, "One row per tenant and account, with the balance at its end"],
]


def test_columns_are_aligned_and_numbers_stand_right() -> None:
    assert tables.text(NAMES, ROWS).splitlines() == [
        "mart           release  what it is",
        "ar_aging            12  One row per tenant and bucket",
        "trial_balance           One row per tenant and account, with the balance at its end",
    ]


def test_the_last_column_wraps_where_a_terminal_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    assert tables.text(NAMES, ROWS).splitlines() == [
        "mart           release  what it is",
        "ar_aging            12  One row per tenant and bucket",
        "trial_balance           One row per tenant and account, with",
        "                        the balance at its end",
    ]
    assert all(len(line) <= 60 for line in tables.paragraph("word " * 40).splitlines())


def test_instants_are_shown_in_utc() -> None:
    zone = timezone(timedelta(hours=3))
    assert tables.cell(datetime(2026, 10, 31, 1, 30, tzinfo=zone)) == "2026-10-30 22:30:00"
    assert tables.cell(None) == ""


def test_one_row_is_no_rows() -> None:
    assert [tables.counted(number, "row") for number in (0, 1, 2000)] == [
        "0 rows", "1 row", "2,000 rows",
    ]  # fmt: skip


def test_counts_are_grouped_and_numbers_of_releases_are_not() -> None:
    assert tables.cell(235387) == "235,387"
    assert tables.cell(1234, "release") == "1234"
    assert tables.cell(True) == "True"
