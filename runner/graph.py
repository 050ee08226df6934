"""The nodes of the dbt project, as planning needs them: read from dbt's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from runner import definitions, project
from runner.errors import ConfigError


@dataclass(frozen=True)
class Node:
    """A node of the project as planning needs it.

    `definition` is a digest of all that decides the node's rows: its own SQL, macros,
    contract and settings, and those of the views and seeds it reads; `parts` has these one by
    one. `feed` names its changes, `label` is what people call it.
    """

    unique_id: str
    name: str
    kind: str
    definition: str
    inputs: tuple[str, ...]
    feed: str = ""
    label: str = ""
    parts: definitions.Parts = field(default_factory=dict, compare=False, repr=False)


def nodes(manifest: Any) -> dict[str, Node]:
    """Give the project's nodes by id, in an order in which inputs come first.

    Raises `ConfigError` for a node that reads a snapshot, or an entity that core would not read.
    """
    _check_entities(manifest)
    found: dict[str, Node] = {}
    for unique_id in _in_order(manifest):
        node = manifest.nodes.get(unique_id) or manifest.sources[unique_id]
        parents = [found[parent] for parent in _inputs(node)]
        for parent in parents:
            if parent.kind == "snapshot":
                raise ConfigError(
                    f"{node.name} reads the snapshot {parent.name}",
                    "read the table that it is taken of (snapshots/README.md), then run"
                    " `almoner build`",
                )
        found[unique_id] = _node(manifest, node, parents)
    return found


def _node(manifest: Any, node: Any, parents: list[Node]) -> Node:
    kind = _kind(node)
    is_source = kind == "source"
    parts = {"kind": kind, **_own(manifest, node, kind), "inputs": _read(parents)}
    # as the database will give them back
    parts = json.loads(json.dumps(parts, default=str))
    return Node(
        unique_id=node.unique_id,
        name=node.name,
        kind=kind,
        definition=definitions.digest([node.unique_id, parts]),
        inputs=tuple(parent.unique_id for parent in parents),
        feed=f"{node.schema}__{node.identifier}" if is_source else node.name,
        label=f"{node.source_name}.{node.name}" if is_source else node.name,
        parts=parts,
    )


def _read(parents: list[Node]) -> dict[str, str]:
    """Map what a node reads to its definition, where that is part of the node's own."""
    return {
        f"{parent.kind} {parent.label}": (
            parent.definition if parent.kind in ("source", "seed", "view") else ""
        )
        for parent in parents
    }


def _inputs(node: Any) -> list[str]:
    """List what a node reads, sorted: dbt's order differs from process to process."""
    return sorted(getattr(getattr(node, "depends_on", None), "nodes", ()))


def _kind(node: Any) -> str:
    """Give source, seed, snapshot, view, released or mart."""
    if str(node.resource_type) == "model":
        return str(node.config.materialized)
    return str(node.resource_type)


def _own(manifest: Any, node: Any, kind: str) -> dict[str, Any]:
    """Give what a node itself contributes to its definition."""
    columns = [
        [column.name, column.data_type, [str(each.type) for each in column.constraints or []]]
        for column in node.columns.values()
    ]
    # how figures are traced decides no row
    meta = {name: value for name, value in node.config.meta.items() if name != "trace"}
    if kind == "source":
        settings = {"schema": node.schema, "identifier": node.identifier}
        return {"columns": columns, "meta": meta, "settings": settings}
    if kind == "seed":
        return {"sql": node.checksum.checksum, "settings": node.config.to_dict()}
    if kind == "snapshot":
        return {"sql": definitions.digest(node.raw_code), "settings": node.config.to_dict()}
    return {
        "sql": definitions.digest(node.raw_code),
        "columns": columns,
        "meta": meta,
        "settings": {
            name: node.config.get(name) for name in ("materialized", "schema", "contract")
        },
        "documents": _documents(node) if kind == "mart" else {},
        "macros": _macros(manifest, node),
    }


def _documents(node: Any) -> dict[str, str]:
    """Digest what is said of a mart and of its columns."""
    told = {
        column.name: definitions.digest(column.description) for column in node.columns.values()
    }
    return {definitions.WHOLE: definitions.digest(node.description), **told}


def _macros(manifest: Any, node: Any) -> dict[str, str]:
    """Digest the text of every macro of the project that a node's SQL reaches, by name."""
    pending, seen = list(node.depends_on.macros), dict[str, str]()
    while pending:
        name = pending.pop()
        macro = manifest.macros.get(name)
        if macro is None or macro.package_name != project.NAME or macro.name in seen:
            continue
        seen[macro.name] = definitions.digest(macro.macro_sql)
        pending.extend(macro.depends_on.macros)
    return seen


def _in_order(manifest: Any) -> list[str]:
    """Sort sources, seeds, snapshots and models so that inputs come first."""
    wanted = {
        unique_id: _inputs(node)
        for unique_id, node in manifest.nodes.items()
        if str(node.resource_type) in ("model", "seed", "snapshot")
    }
    wanted.update({unique_id: [] for unique_id in manifest.sources})
    done: dict[str, None] = {}

    def visit(unique_id: str) -> None:
        if unique_id in done:
            return
        for parent in wanted[unique_id]:
            visit(parent)
        done[unique_id] = None

    for unique_id in sorted(wanted):
        visit(unique_id)
    return list(done)


def without_idle_views(nodes: dict[str, Node], landed: Iterable[str]) -> dict[str, Node]:
    """Leave out the views of systems that nothing landed of, unless another node reads them."""
    idle = tuple(f"stg_{system}__" for system in set(_declared_systems()) - set(landed))
    kept: dict[str, Node] = {}
    read: set[str] = set()
    for unique_id, node in reversed(nodes.items()):
        if node.kind == "view" and node.name.startswith(idle) and unique_id not in read:
            continue
        kept[unique_id] = node
        read.update(node.inputs)
    return {unique_id: nodes[unique_id] for unique_id in nodes if unique_id in kept}


def _check_entities(manifest: Any) -> None:
    """Refuse a canonical entity that a system has and core would not read.

    Raises `ConfigError` naming the view that `vars.systems` lacks.
    """
    systems = _declared_systems()
    entities = {entity for listed in systems.values() for entity in listed}
    for node in manifest.nodes.values():
        if not node.name.startswith("stg_"):
            continue
        system, _, entity = node.name.removeprefix("stg_").partition("__")
        if entity in entities and entity not in (systems.get(system) or ()):
            raise ConfigError(
                f"core does not read {node.name}: dbt_project.yml does not list it",
                f"add `- {entity}` to vars.systems.{system} in dbt_project.yml",
            )


def _declared_systems() -> dict[str, list[str]]:
    """Give the canonical entities of each system, as dbt_project.yml lists them."""
    content = yaml.safe_load((project.root() / "dbt_project.yml").read_text())
    systems: dict[str, list[str]] = content["vars"]["systems"]
    return systems
