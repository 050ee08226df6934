"""Source contracts: what `_sources.yml` says of each system's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from runner import project
from runner.errors import ConfigError

CHECK = "mend the contract (models/staging/README.md), then run `almoner sync`"
# what every raw table has beside the contract's columns
RESERVED = frozenset({"source_id", "tenant_id", "landed_in", "release_id"})

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Column:
    """A column that may leave the source, with its PostgreSQL type and its name there.

    `accepted` values are known to staging; `references` names the table whose key it holds.
    A row without a value of a required one is set aside. A source may lack an optional one.
    """

    name: str
    data_type: str
    source_name: str
    is_required: bool = False
    accepted: tuple[str, ...] = ()
    references: str | None = None
    is_optional: bool = field(default=False, repr=False)  # no part of how files are judged


@dataclass(frozen=True)
class Table:
    """One source table: what identifies a row, whose it is, and what its feed carries.

    `cursor_is_kept` when the source's own triggers set the cursor at each insert and update.
    A source may lack a table that `is_optional`.
    `documents` are the kinds of documents of its rows, each with the column of a posting that
    holds the key: document_id or line_id.
    """

    system: str
    name: str
    raw_name: str
    source_name: str
    key: tuple[str, ...]
    tenant: str | None
    cursor: str | None
    carry: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    cursor_is_kept: bool = False
    documents: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False

    @property
    def raw_schema(self) -> str:
        return f"raw_{self.system}"

    @property
    def feed_name(self) -> str:
        """The change feed's name in schema `feed`, shorter than PostgreSQL's 63 bytes."""
        return f"{self.raw_schema}__{self.raw_name}"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns, beside the key, without which a row cannot land."""
        return tuple(
            column.name
            for column in self.columns
            if column.is_required and column.name not in self.key
        )

    @property
    def feed_columns(self) -> tuple[str, ...]:
        """The columns that a changed row leaves in the feed, old and new."""
        tenant = ("tenant_id",) if self.tenant else ()
        return ("source_id", *tenant, *self.key, *self.carry)

    def in_source(self, column: str) -> str:
        """Give the name that a contract column has at the source."""
        return next(col.source_name for col in self.columns if col.name == column)

    def type_of(self, column: str) -> str:
        """Give the type of a raw column, the engine's own included."""
        if column in ("source_id", "tenant_id"):
            return "text"
        return next(col.data_type for col in self.columns if col.name == column)


@dataclass(frozen=True)
class Contract:
    """All tables of one system, and the schema they live in at the source."""

    system: str
    schema: str
    tables: tuple[Table, ...]


def load(system: str) -> Contract:
    """Read the contract of one system.

    Raises `ConfigError` if there is no such system or its contract is not complete.
    """
    require(system)
    return _parse(system, systems()[system])


def require(system: str) -> None:
    """Raise `ConfigError` unless there is a contract for the system."""
    known = systems()
    if system not in known:
        raise ConfigError(
            f"no source system is called {system!r}; there are {', '.join(sorted(known))}",
            "name one of them in almoner.yml, then run `almoner status`",
        )


def load_all() -> tuple[Contract, ...]:
    """Read every contract of the project, in the order of their names."""
    return tuple(_parse(system, path) for system, path in sorted(systems().items()))


def types(contract: Contract) -> set[str]:
    """Give every column type that a contract names."""
    return {column.data_type for table in contract.tables for column in table.columns}


def systems() -> dict[str, Path]:
    """Map each system to its `_sources.yml`."""
    staging = project.root() / "models" / "staging"
    return {path.parent.name: path for path in staging.glob("*/_sources.yml")}


def _parse(system: str, path: Path) -> Contract:
    return _parse_version(system, path, path.stat().st_mtime_ns)


@lru_cache
def _parse_version(system: str, path: Path, modified: int) -> Contract:
    """Parse one version of a contract; a build reads it more than once."""
    place = str(path.relative_to(project.root()))
    try:
        content = yaml.load(path.read_text(), Loader=_LOADER) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{place} is not valid YAML: {_first_line(error)}", CHECK) from error
    try:
        for source in content.get("sources", []):
            if source.get("name") == system:
                tables = tuple(_table(system, entry, place) for entry in source["tables"])
                return Contract(system, _meta(source).get("schema", "public"), tables)
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigError(f"{place} is not shaped as a contract: {error!r}", CHECK) from error
    raise ConfigError(f"{place} has no source called {system!r}", CHECK)


def _table(system: str, entry: dict[str, Any], place: str) -> Table:
    meta, name = _meta(entry), entry["name"]
    columns = tuple(
        Column(
            str(column["name"]),
            str(column.get("data_type", "")),
            str(_meta(column).get("column", column["name"])),
            bool(_meta(column).get("required", False)),
            tuple(_meta(column).get("accepted", ())),
            _meta(column).get("references"),
            bool(_meta(column).get("optional", False)),
        )
        for column in entry.get("columns", [])
    )
    names = {column.name for column in columns}
    if taken := names & RESERVED:
        raise ConfigError(
            f"{place}: {name}.{min(taken)} is a name that raw tables use themselves",
            f"name it otherwise, say config: {{meta: {{column: {min(taken)}}}}}, and run"
            " `almoner sync`",
        )
    untyped = [column.name for column in columns if not column.data_type]
    if untyped:
        raise ConfigError(f"{place}: {name}.{untyped[0]} has no data_type", CHECK)
    key = tuple(meta.get("key", ()))
    carry = tuple(meta.get("carry", ()))
    tenant, cursor = meta.get("tenant"), meta.get("cursor")
    wanted = {*key, *carry, *filter(None, (tenant, cursor))}
    if not key or not wanted <= names:
        missing = ", ".join(sorted(wanted - names)) or "key"
        raise ConfigError(f"{place}: table {name} lacks {missing} among its columns", CHECK)
    needed = {*key, *filter(None, (tenant, cursor))}
    for column in columns:
        if column.is_optional and (column.is_required or column.name in needed):
            raise ConfigError(
                f"{place}: {name}.{column.name} cannot be optional: rows need it", CHECK
            )
    return Table(
        system=system,
        name=name,
        raw_name=entry.get("identifier", name),
        source_name=meta.get("table", name),
        key=key,
        tenant=tenant,
        cursor=cursor,
        carry=tuple(column for column in carry if column not in key),
        indexes=tuple(tuple(index) for index in meta.get("indexes", ())),
        columns=columns,
        cursor_is_kept=bool(meta.get("cursor_is_kept", False)),
        documents=dict(meta.get("documents", {})),
        is_optional=bool(meta.get("optional", False)),
    )


def _meta(entry: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = (entry.get("config") or {}).get("meta") or {}
    return meta


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
