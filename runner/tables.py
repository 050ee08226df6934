"""Rows as plain aligned text; the last column wraps where a terminal is too narrow."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

GAP = "  "
NARROWEST = 30


def text(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Align rows under their names; numbers to the right."""
    shown = [[cell(value, name) for name, value in zip(names, row, strict=True)] for row in rows]
    widths = [
        max(len(name), *(len(row[number]) for row in shown)) for number, name in enumerate(names)
    ]
    is_number = [
        all(isinstance(row[number], (int, type(None))) for row in rows)
        for number in range(len(names))
    ]
    left = sum(widths[:-1]) + len(GAP) * (len(names) - 1)
    last = max(_room() - left, NARROWEST) if _room() else 0
    lines: list[str] = []
    for row in [list(names), *shown]:
        cells = [
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(row, widths, is_number, strict=True)
        ]
        parts = list(_wrapped(cells[-1], last))
        lines.append(GAP.join([*cells[:-1], parts[0]]).rstrip())
        lines += [" " * left + part for part in parts[1:]]
    return "\n".join(lines)


def paragraph(words: str) -> str:
    """Wrap a paragraph to the terminal."""
    return "\n".join(_wrapped(" ".join(words.split()), _room()))


def cell(value: Any, name: str = "") -> str:
    """Show one value: counts by thousands, instants in UTC, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and not name.endswith("release"):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return str(value)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 row, 2 rows."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _room() -> int:
    """Give the terminal's width; 0 where output goes to a file or pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _wrapped(value: str, width: int) -> Iterator[str]:
    if not width or len(value.rstrip()) <= width:
        yield value
        return
    yield from textwrap.wrap(value, width)
