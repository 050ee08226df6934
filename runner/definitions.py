"""Definitions: all that decides a node's rows, in parts, and how two of them differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg.types.json import Jsonb

from runner import db

# kind, sql, columns, meta, settings, documents, macros, inputs: what a node has of these
Parts = Mapping[str, Any]
WHOLE = "the mart"  # whose description it is, beside its columns' names
KEYED = {
    "macros": "macro {name} changed",
    "meta": "meta {name} changed",
    "settings": "{name} changed",
    "documents": "description of {name} changed",
}


def digest(value: Any) -> str:
    """Digest a value that JSON can hold, the same in every process."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def known(connection: db.Connection) -> dict[str, Parts]:
    """Give the parts of every definition that a build recorded, by its digest."""
    found = db.rows(connection, "select definition, parts from almoner.definitions")
    return {row["definition"]: row["parts"] for row in found}


def remember(connection: db.Connection, definitions: Mapping[str, Parts]) -> None:
    """Keep the parts of definitions, by their digests, for the reasons of later builds."""
    connection.cursor().executemany(
        "insert into almoner.definitions (definition, parts) values (%s, %s)"
        " on conflict (definition) do nothing",
        [(name, Jsonb(dict(parts))) for name, parts in definitions.items()],
    )


def differences(
    before: str, now: str, past: Mapping[str, Parts], present: Mapping[str, Parts]
) -> list[str]:
    """Say in which parts two definitions differ, such as `column x added`.

    Definitions are named by their digests; `past` and `present` have the parts. One that was
    recorded without its parts is just `changed`.
    """
    if before not in past or now not in present:
        return ["changed"]
    old, new = past[before], present[now]
    told = ["SQL changed"] if old.get("sql") != new.get("sql") else []
    told += [*_of_columns(old.get("columns", []), new.get("columns", []))]
    for part, text in KEYED.items():
        told += [text.format(name=name) for name in _differing(old, new, part)]
    told += [*_of_inputs(old, new, past, present)]
    return told or ["changed"]


def _differing(old: Parts, new: Parts, part: str) -> list[str]:
    """List the names whose values differ in a part that holds values by name."""
    one, other = old.get(part) or {}, new.get(part) or {}
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def _of_columns(old: list[list[Any]], new: list[list[Any]]) -> Iterator[str]:
    one, other = ({column[0]: column[1:] for column in columns} for columns in (old, new))
    yield from (f"column {name} added" for name in other if name not in one)
    yield from (f"column {name} removed" for name in one if name not in other)
    both = [name for name in one if name in other]
    yield from (f"column {name} changed" for name in both if one[name] != other[name])
    if both != [name for name in other if name in one]:
        yield "order of columns changed"


def _of_inputs(
    old: Parts, new: Parts, past: Mapping[str, Parts], present: Mapping[str, Parts]
) -> Iterator[str]:
    one, other = old.get("inputs", {}), new.get("inputs", {})
    if old.get("sql") == new.get("sql"):  # else the SQL says what it reads
        yield from (f"{name} added" for name in sorted(other.keys() - one.keys()))
        yield from (f"{name} removed" for name in sorted(one.keys() - other.keys()))
    for name in sorted(one.keys() & other.keys()):
        if one[name] != other[name]:
            inner = differences(one[name], other[name], past, present)
            why = ", ".join(each.removesuffix(" changed") for each in inner)
            is_plain = name.startswith("seed ") or inner == ["changed"]
            yield f"{name} changed" if is_plain else f"{name} changed ({why})"
