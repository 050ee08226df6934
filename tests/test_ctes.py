"""A model that is computed for a few scopes looks them up: PostgreSQL keeps a CTE read twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import project

LAYERS = ("staging", "core", "rollups")
MODELS = sorted(
    path for layer in LAYERS for path in (project.root() / "models" / layer).rglob("*.sql")
)
COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
# what the CTE is, unless it says whether to keep it
UNSAID = re.compile(r"(?:\bwith|\),)\s+(\w+)(?: \([^)]*\))? as \(")


def _read_twice(text: str) -> list[str]:
    """List the CTEs that are read more than once, by name or through a macro `with_…`."""
    bare = COMMENT.sub("", text)
    macros = " ".join(re.findall(r"\{\{\s*with_\w+\((.*?)\)\s*\}\}", bare, re.DOTALL))
    return [
        name
        for name in UNSAID.findall(bare)
        if len(re.findall(rf"\b(?:from|join)\s+{name}\b", bare))
        + len(re.findall(rf"'{name}'", macros))
        > 1
    ]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_no_cte_is_kept_unasked(path: Path) -> None:
    twice = _read_twice(path.read_text())
    assert not twice, f"{path.name}: say `as not materialized (`, or read {twice[0]} once"


def test_a_cte_that_is_read_twice_is_found() -> None:
    once = "with a as (select 1), b as (select * from a) select * from b"
    assert _read_twice(once) == []
    twice = once + " union all select * from a"
    assert _read_twice(twice) == ["a"]
    assert _read_twice(twice.replace("with a as (", "with a as not materialized (")) == []
    assert _read_twice("with a as (select 1), b as ({{ with_x('a', ['k']) }}) from a") == ["a"]
