"""The queries that find the rows of a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from runner.errors import ConfigError
from runner.marts import Mart
from runner.trace.declared import Relation, Rows, Term

SCHEMA = "pub"  # each model and mart as the tenant reads it
_NAMED = re.compile(r"\{(\w+)\}|@(\w+)")


@dataclass(frozen=True)
class Place:
    """A row of a mart, or several that agree in a key: what is known of them, with its types.

    `values` are those of the `key`, and of all columns where it names one row.
    """

    mart: Mart
    key: Mapping[str, Any]
    values: Mapping[str, Any]

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.data_type for column in self.mart.columns}

    def literal(self, name: str) -> sql.Composable:
        """Write the value of a column. Raises `ConfigError` if the key leaves it open."""
        if name not in self.values:
            raise incomplete(self.mart, "the key is not complete")
        return sql.SQL("{}::{}").format(sql.Literal(self.values[name]), sql.SQL(self.types[name]))

    def sql(self, text: str) -> sql.Composable:
        """Write an expression: `{column}` is the value of the row, `@model` a relation."""
        parts: list[sql.Composable] = []
        position = 0
        for found in _NAMED.finditer(text):
            parts.append(sql.SQL(text[position : found.start()]))
            column, model = found.groups()
            parts.append(self.literal(column) if column else sql.Identifier(SCHEMA, model))
            position = found.end()
        return sql.Composed([*parts, sql.SQL(text[position:])])


def incomplete(mart: Mart, told: str) -> ConfigError:
    """Give the error of a key that does not name what was asked for."""
    key = " ".join(f"{column}=…" for column in mart.grain)
    return ConfigError(told, f"`almoner trace {mart.name} {key}`")


def same(place: Place) -> sql.Composable:
    """Write the condition of the mart's rows that agree in the key."""
    return sql.SQL(" and ").join(
        sql.SQL("{} is null").format(sql.Identifier(column))
        if value is None
        else sql.SQL("{} = {}").format(sql.Identifier(column), place.literal(column))
        for column, value in place.key.items()
    )


def of_rows(
    rule: Rows, relation: Relation, traced: Relation, place: Place, limit: int
) -> sql.Composed:
    """Write the query for the rows of a figure: each with the count and the total of all."""
    value = sql.SQL(" + ").join(map(_term, rule.terms)) if rule.terms else place.sql(rule.value)
    conditions = [_conditions(rule, relation, traced, place)]
    if rule.where:
        conditions.append(sql.SQL("({})").format(place.sql(rule.where)))
    found = sql.SQL("select det.*, {} as contribution from {} as det where {}").format(
        value, sql.Identifier(SCHEMA, relation.name), sql.SQL(" and ").join(conditions)
    )
    if rule.kind == "count":
        found = sql.SQL("select distinct on ({0}) * from ({1}) as all_of_it order by {0}").format(
            sql.SQL(", ").join(map(sql.SQL, rule.items)), found
        )
    if rule.kind == "sum":
        found = sql.SQL("select * from ({}) as all_of_it where contribution <> 0").format(found)
    total = sql.SQL("max(contribution)" if rule.kind == "max" else "sum(contribution)")
    order = [f"{each}, " for each in relation.order] + ["abs(contribution) desc"]
    if rule.kind == "max":
        order = ["contribution desc nulls last"]
    return sql.SQL(
        "select *, count(*) over () as size, {} over () as total from ({}) as fou"
        " order by {}, {} limit {}"
    ).format(
        total, found, sql.SQL("".join(order)),
        sql.SQL(", ").join(map(sql.SQL, relation.shows)), sql.Literal(limit),
    )  # fmt: skip


def _conditions(rule: Rows, relation: Relation, traced: Relation, place: Place) -> sql.Composable:
    """Write what stands in a relation for each key of a mart that is given."""
    conditions: dict[str, sql.Composable] = {}
    for column, value in place.key.items():
        if column == "tenant_id":
            continue
        # a mart's are those of its own figures
        known = {**({} if relation.is_mart else relation.keys), **traced.keys, **rule.keys}
        if column in known:
            text = known[column]
        elif column in relation.columns:
            text = f"{column} is null" if value is None else f"{column} = {{{column}}}"
        else:
            raise ConfigError(
                f"nothing in {relation.name} stands for {column} of {place.mart.name}",
                "say what does in its yml (CONTRIBUTING, What figures are made of), then run"
                " `almoner trace`",
            )
        if text:
            conditions[text] = sql.SQL("({})").format(place.sql(text))
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions.values()])


def _term(term: Term) -> sql.Composable:
    accounts = sql.SQL(", ").join(map(sql.Literal, term.accounts))
    moved = sql.SQL(
        "{0} * (case when credit_account in ({1}) then {2} else 0 end"
        " - case when debit_account in ({1}) then {2} else 0 end)"
    ).format(sql.Literal(term.sign), accounts, sql.SQL(term.amount))
    if not term.events:
        return moved
    events = sql.SQL(", ").join(map(sql.Literal, term.events))
    return sql.SQL("case when event_type in ({}) then {} else 0 end").format(events, moved)


def names(formula: str) -> list[str]:
    """List the names that a formula is over."""
    return [found for found in re.findall(r"'[^']*'|[a-z_]\w*", formula) if found not in _WORDS]


def computed(formula: str, values: Mapping[str, Any], types: Mapping[str, str]) -> sql.Composable:
    """Write a formula with values in place of its names; numbers are divided exactly."""
    parts: list[sql.Composable] = []
    position = 0
    for found in re.finditer(r"'[^']*'|[a-z_]\w*", formula):
        if found.group() not in values:
            continue
        name, data_type = found.group(), types.get(found.group(), "numeric")
        parts.append(sql.SQL(formula[position : found.start()]))
        exact = "numeric" if data_type.startswith(("numeric", *_INTEGERS)) else data_type
        parts.append(sql.SQL("{}::{}").format(sql.Literal(values[name]), sql.SQL(exact)))
        position = found.end()
    return sql.Composed([*parts, sql.SQL(formula[position:])])


_INTEGERS = ("bigint", "integer", "smallint")
_WORDS = {"and", "or", "not", "case", "when", "then", "else", "end", "greatest", "least"}
