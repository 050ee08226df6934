"""What the benchmark compares builds with does the same work as they do."""

from __future__ import annotations

from bench.plain import PlainJournal
from tests.acceptance.conftest import Installation


def test_the_view_of_the_journal_has_the_rows_of_the_mart(installation: Installation) -> None:
    assert PlainJournal(installation.target).refresh > 0
    assert installation.recomputed() == []
