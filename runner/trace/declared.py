"""What the yml of models declares of their figures: what each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from runner import project
from runner.errors import ConfigError
from runner.marts import Mart

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LEFT_OUT = "left out"  # how a rule for no value of a column is named
WORDS = {
    "of", "where", "keys", "credited", "debited", "events", "amount", "terms", "sum", "max",
    "count", "formula", "operands", "when", "share", "among", "measure", "at", "case", "rules",
    "untraced",
}  # fmt: skip
NUMBERS = ("numeric", "bigint", "integer", "smallint")


@dataclass(frozen=True)
class Term:
    """What postings credit to an account less what they debit, times `sign`; of some events."""

    accounts: tuple[str, ...]
    sign: int = 1
    events: tuple[str, ...] = ()
    amount: str = "amount"


@dataclass(frozen=True)
class Rows:
    """Rows of a relation: the `sum` or `max` of `value`, or the `count` of distinct `items`.

    `keys` are conditions that stand for keys of the mart in place of the relation's own; an
    empty one stands for none.
    """

    of: str
    kind: str
    value: str = "1"
    terms: tuple[Term, ...] = ()
    items: tuple[str, ...] = ()
    where: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Formula:
    """An expression over columns of the row and `operands` beside it; null unless `when`."""

    text: str
    operands: Mapping[str, Rule] = field(default_factory=dict)
    when: str = ""


@dataclass(frozen=True)
class Share:
    """The part that a measure has of its sum over the rows that agree in `among`."""

    measure: str
    among: tuple[str, ...]


@dataclass(frozen=True)
class Elsewhere:
    """A measure of another row: its keys `at` have the values of other columns of this one."""

    measure: str
    at: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """A rule of its own for each value of a column, `*` for any other, and for none at all."""

    column: str
    rules: Mapping[str, Rule]

    def of(self, key: Mapping[str, Any], values: Mapping[str, Any]) -> Rule:
        """Give the rule of a row, or of those that a key without the column names."""
        if self.column not in key and LEFT_OUT in self.rules:
            return self.rules[LEFT_OUT]
        value = values[self.column]
        rule = self.rules.get(str(value)) or self.rules.get("*")
        return rule or Untraced(f"no rule for {self.column} {value}")


@dataclass(frozen=True)
class Untraced:
    """No figure, and why."""

    why: str


Rule = Rows | Formula | Share | Elsewhere | Case | Untraced


@dataclass(frozen=True)
class Relation:
    """A model: what stands for a key of a mart in it, what its rows sum up to, and its rules.

    `of` are the relations whose measures its own columns sum by their name, `documents` the
    kinds of documents that its rows are, each with the column of its key (`*`: the column
    document_type says which), `is_whole` that figures of several rows are not added, `is_small`
    that a tenant may withhold how many rows there are.
    """

    name: str
    is_mart: bool
    grain: tuple[str, ...]
    columns: tuple[str, ...]
    of: tuple[str, ...]
    keys: Mapping[str, str]
    measures: Mapping[str, Any]
    shows: tuple[str, ...]
    order: tuple[str, ...]
    documents: Mapping[str, str]
    is_whole: bool
    is_small: bool
    called: str
    rules: Mapping[str, Any]


def relation(name: str) -> Relation:
    """Read what the yml of a model says of tracing."""
    path = _path(project.root(), name)
    return _read(name, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _path(root: Path, name: str) -> Path:
    for layer in ("marts", "core", "rollups"):
        for path in (root / "models" / layer).glob(f"*/{name}.yml"):
            return path
    raise ConfigError(f"the project has no model {name}", "`almoner marts` lists the marts")


@lru_cache(maxsize=512)
def _read(name: str, path: Path, modified: int) -> Relation:
    model = _model(name, path)
    meta = _meta(model)
    said = meta.get("trace") or {}
    columns = {column["name"]: _meta(column).get("trace") for column in model["columns"]}
    grain = tuple(meta.get("grain") or meta.get("unique_key") or ())
    return Relation(
        name=name,
        is_mart="marts" in path.parts,
        grain=grain,
        columns=tuple(columns),
        of=tuple(said.get("of", ())),
        keys={key: str(text or "") for key, text in (said.get("keys") or {}).items()},
        measures=said.get("measures") or {},
        shows=tuple(said.get("shows") or [key for key in grain if key != "tenant_id"]),
        order=tuple(said.get("order", ())),
        documents=said.get("documents") or {},
        is_whole=bool(said.get("whole", False)),
        is_small=bool(meta.get("is_small", False)),
        called=said.get("called", f"rows of {name}"),
        rules={column: rule for column, rule in columns.items() if rule},
    )


def _model(name: str, path: Path) -> Mapping[str, Any]:
    """Read the entry of a model. Raises `ConfigError` if its yml has none."""
    try:
        content = yaml.load(path.read_text(), Loader=_LOADER)
        model: Mapping[str, Any] = {each["name"]: each for each in content["models"]}[name]
        for entry in (model, *model["columns"]):
            _meta(entry).get(entry["name"])
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        told = " ".join(str(error).split())
        raise ConfigError(
            f"{path.name} does not describe {name} and its columns: {told}",
            f"mend {path}; `almoner trace {name}` reads it",
        ) from error
    return model


def measures(mart: Mart) -> dict[str, Rule]:
    """Give the rule of each figure of a mart: of each column of numbers that is no key."""
    traced = relation(mart.name)
    return {
        column.name: found
        for column in mart.columns
        if is_measure(mart, column.name)
        if (found := _rule_of(traced, column.name)) is not None
    }


def is_measure(mart: Mart, name: str) -> bool:
    """Tell whether a column is a number that neither names the row nor something else."""
    types = {column.name: column.data_type for column in mart.columns}
    is_name = name in mart.grain or name.endswith("_id")
    return types.get(name, "").startswith(NUMBERS) and not is_name


def _rule_of(traced: Relation, column: str) -> Rule | None:
    """Give a column's own rule, or the one of what the mart sums."""
    if column in traced.rules:
        return _parsed(traced.name, column, traced.rules[column], "".join(traced.of[:1]))
    for name in traced.of:
        if column in (known := relation(name).measures):
            return _parsed(name, column, known[column], name)
    return None


def _parsed(model: str, column: str, said: Any, of: str) -> Rule:
    try:
        return _rule(said, of)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the yml of {model} says of {column} what is no rule: {said}",
            "CONTRIBUTING, What figures are made of, lists the rules; `almoner trace` reads them",
        ) from error


def _rule(said: Any, of: str) -> Rule:
    if isinstance(said, list):
        return _rows({"terms": said}, of)
    _require_known(said)
    of = said.get("of", of)
    if "untraced" in said:
        return Untraced(said["untraced"])
    if "share" in said:
        return Share(said["share"], tuple(said["among"]))
    if "measure" in said:
        return Elsewhere(said["measure"], said["at"])
    if "case" in said:
        rules = {name: _rule(each, of) for name, each in said["rules"].items()}
        return Case(said["case"], rules)
    if "formula" in said:
        operands = {name: _rule(each, of) for name, each in said.get("operands", {}).items()}
        return Formula(said["formula"], operands, said.get("when", ""))
    return _rows(said, of)


def _rows(said: Mapping[str, Any], of: str) -> Rows:
    keys = {key: str(text or "") for key, text in (said.get("keys") or {}).items()}
    where = said.get("where", "")
    if "count" in said:
        return Rows(of, "count", items=tuple(said["count"]), where=where, keys=keys)
    if terms := said.get("terms") or [said] * ("credited" in said or "debited" in said):
        return Rows(of, "sum", terms=tuple(map(_term, terms)), where=where, keys=keys)
    kind = "max" if "max" in said else "sum"
    return Rows(of, kind, value=str(said[kind]), where=where, keys=keys)


def _require_known(said: Mapping[str, Any]) -> None:
    if unknown := said.keys() - WORDS:
        raise ValueError(f"no word of a rule: {', '.join(map(str, unknown))}")


def _term(said: Mapping[str, Any]) -> Term:
    _require_known(said)
    accounts = said.get("credited") or said["debited"]
    return Term(
        tuple(accounts), 1 if "credited" in said else -1, tuple(said.get("events", ())),
        said.get("amount", "amount"),
    )  # fmt: skip


def _meta(entry: Mapping[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = (entry.get("config") or {}).get("meta") or {}
    return meta
