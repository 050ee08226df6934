"""What a project changes for readers: breaking or additive, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from runner import db, definitions
from runner.errors import PublicationError
from runner.graph import Node

BACK = "take it back, or give the model another name (CONTRIBUTING.md); then run `almoner build`"


@dataclass(frozen=True)
class Change:
    """How a mart or a released table differs from what stands, and what to do about it.

    A build refuses what `is_refused`; other breaking changes it makes, for readers to follow.
    """

    node: str
    what: str
    is_breaking: bool
    is_refused: bool = False
    advice: str = ""


@dataclass(frozen=True)
class Standing:
    """What stands of a node: its key or grain, the type of each column, which were promised.

    A table may have a column beyond those, of a build that was undone.
    """

    key: frozenset[str]
    columns: Mapping[str, str]
    promised: frozenset[str]
    documents: Mapping[str, str] = field(default_factory=dict)


def check(connection: db.Connection, nodes: Iterable[Node]) -> None:
    """Refuse what cannot be published: raise `PublicationError` naming the first of it."""
    wanted = {node.name: node for node in nodes}
    for change in changes(connection, wanted.values()):
        if change.is_refused:
            raise refusal(wanted[change.node].kind, change.node, change.what)


def refusal(kind: str, name: str, what: str) -> PublicationError:
    """Make the error for a change that would break readers or older releases."""
    if kind == "mart":
        return PublicationError(
            f"mart {name}: {what}, which readers may use",
            f"keep the column and add new ones at the end, or `almoner new mart {name}_2`;"
            " CONTRIBUTING.md says how to start a mart anew that nobody reads yet",
        )
    return PublicationError(f"{name}: {what}, which older releases have", BACK)


def changes(connection: db.Connection, nodes: Iterable[Node]) -> list[Change]:
    """Compare the project with the published marts and the released tables."""
    wanted = {node.name: node for node in nodes if node.kind in ("mart", "released")}
    marts, tables = _marts(connection), _tables(connection)
    types = _types(connection, [*wanted.values()], [*marts.values(), *tables.values()])
    found = [
        Change(name, "mart removed", True, advice="tell its readers; its file brings it back")
        for name in sorted(marts.keys() - wanted.keys())
    ]
    for name, node in sorted(wanted.items()):
        stands = (marts if node.kind == "mart" else tables).get(name)
        if stands:
            found += [*_of_columns(node, stands, types), *_of_key(node, stands)]
            found += _of_documents(node, stands)
        elif node.kind == "mart":
            found.append(Change(name, "mart added", False))
    return found


def _of_columns(node: Node, stands: Standing, types: Mapping[str, str]) -> Iterator[Change]:
    declared = _declared(node)
    for name in sorted(stands.promised - declared.keys()):
        yield _refused(node, f"column {name} removed")
    for name, data_type in declared.items():
        before = stands.columns.get(name)
        if before is not None and _same(before, types) != _same(data_type, types):
            yield _refused(node, f"column {name} is {data_type}, was {before}")
        elif name not in stands.promised:
            yield Change(node.name, f"column {name} added", False)


def _of_key(node: Node, stands: Standing) -> Iterator[Change]:
    meta, now = node.parts["meta"], node.parts["meta"].get("grain", [])
    if node.kind == "released":
        now = [*meta.get("scope", []), *meta.get("unique_key", [])]
    if not stands.key or stands.key == frozenset(now):
        return
    added = frozenset(now) - stands.key
    if node.kind == "released" and stands.key < frozenset(now) and not added & stands.promised:
        yield Change(node.name, f"{', '.join(sorted(added))} named with the key", False)
        return
    what = f"{', '.join(sorted(stands.key))} named a row, now {', '.join(dict.fromkeys(now))}"
    if node.kind == "released":
        yield _refused(node, what)
    else:
        advice = "tell its readers, or give the new grain a mart of its own"
        yield Change(node.name, what, True, advice=advice)


def _of_documents(node: Node, stands: Standing) -> Iterator[Change]:
    now = node.parts.get("documents", {})
    for name, told in stands.documents.items():
        if name in now and definitions.digest(told) != now[name]:
            yield Change(node.name, f"description of {name} changed", False)


def _refused(node: Node, what: str) -> Change:
    return Change(node.name, what, True, True, refusal(node.kind, node.name, what).hint)


def _marts(connection: db.Connection) -> dict[str, Standing]:
    found = {}
    for row in db.rows(connection, db.script("standing_marts")):
        said = row["definition"]
        columns = {column["name"]: column["data_type"] for column in said["columns"]}
        documents = {column["name"]: column["description"] for column in said["columns"]}
        found[row["mart"]] = Standing(
            frozenset(said["meta"].get("grain", ())),
            columns,
            frozenset(columns),
            {definitions.WHOLE: said["description"], **documents},
        )
    return found


def _tables(connection: db.Connection) -> dict[str, Standing]:
    return {
        row["name"]: Standing(
            frozenset(row["key"]), row["columns"], frozenset(row["promised"] or row["columns"])
        )
        for row in db.rows(connection, db.script("standing_tables"))
    }


def _declared(node: Node) -> dict[str, str]:
    return {column[0]: str(column[1]) for column in node.parts["columns"]}


def _types(
    connection: db.Connection, nodes: Iterable[Node], standing: Iterable[Standing]
) -> dict[str, str]:
    """Give PostgreSQL's own name of each type that is declared or stands."""
    wanted = {name for node in nodes for name in _declared(node).values()}
    wanted |= {name for each in standing for name in each.columns.values()}
    found = db.rows(
        connection,
        "select typ.name, coalesce(format_type(to_regtype(typ.name), null), typ.name) as known"
        " from unnest(%s::text[]) as typ (name)",
        sorted(wanted),
    )
    return {row["name"]: row["known"] for row in found}


def _same(data_type: str, types: Mapping[str, str]) -> tuple[str, str]:
    """Give what two ways to write one type have in common: its name and its precision."""
    precision = re.search(r"\(([^)]*)\)", data_type)
    return types[data_type], precision.group(1).replace(" ", "") if precision else ""
