"""What a figure is made of, as the yml of its mart declares it, down to the raw rows."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from psycopg import errors, sql
from psycopg.rows import DictRow

from runner import access, contracts, db, marts, releases
from runner.errors import ConfigError, TraceError
from runner.marts import Mart
from runner.trace import declared, queries, raw_rows
from runner.trace.declared import (
    Case,
    Elsewhere,
    Formula,
    Relation,
    Rows,
    Rule,
    Share,
    Untraced,
)
from runner.trace.queries import Place

# a balance is of one day: those of several do not add up
BALANCED_BY = "as_of_date"
MISTAKES = (errors.SyntaxError, errors.UndefinedColumn, errors.UndefinedTable)
# what is traced where no measure is named; else the first sum
MAIN = ("net_revenue_amount", "closing_amount", "open_amount", "outstanding_amount")


@dataclass(frozen=True)
class Trace:
    """A figure of a mart and what it is made of.

    `how` tells whether the figure is the sum, the count (one for `each` of some columns) or the
    highest of `rows` of the relation `kind`, `called` so, or follows from a `formula` over
    `operands`, which are traced as themselves, and `facts` of the row. Rows have their
    `contribution`, and `raw`: tables and keys of the rows they come from, or `next` the command
    that traces the first. `count` is that of all rows, shown or not. A figure is None where
    nothing of it is on record.
    """

    mart: str
    measure: str
    key: dict[str, Any]
    release: int
    figure: Any
    how: str
    kind: str
    called: str = ""
    count: int = 0
    each: tuple[str, ...] = ()
    rows: list[dict[str, Any]] = field(default_factory=list)
    formula: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    operands: list[Trace] = field(default_factory=list)
    next: str = ""


def trace(
    connection: db.Connection,
    name: str,
    key: Mapping[str, str | None],
    measure: str | None = None,
    limit: int = 50,
) -> Trace:
    """Find what a figure is made of, as its tenant reads it; it is checked to come to the figure.

    `key` names the tenant_id and any other columns of the mart's grain; sums over rows that
    differ in what it leaves out are added. Raises `ConfigError` for what cannot be asked, and
    `TraceError` if the figure is not what it should be made of.
    """
    mart = marts.find(connection, name)
    tenant = _tenant(mart, key)
    named = chosen(mart, measure)
    with reading(connection, tenant, limit) as tracer:
        return tracer.trace(mart, key, named)


@contextmanager
def reading(connection: db.Connection, tenant: str, limit: int = 50) -> Iterator[Tracer]:
    """Trace figures of one tenant, all of one moment, with up to `limit` rows of each."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        access.require_tenant(connection, tenant)
        release = releases.read_as(connection, tenant, None)
        if release is None:
            raise ConfigError(f"{tenant} is shown nothing", "run `almoner build`")
        yield Tracer(connection, tenant, release, limit, raw_rows.landed(connection))


@dataclass(frozen=True)
class Tracer:
    """Traces figures of one tenant, at the release that it reads."""

    connection: db.Connection
    tenant: str
    release: int
    limit: int
    tables: list[contracts.Table]

    def trace(self, mart: Mart, key: Mapping[str, str | None], measure: str) -> Trace:
        """Trace a figure of the rows that agree in a key."""
        _require(mart, key, measure)
        place = _place(self.connection, mart, dict(key))
        try:
            return self.of_measure(place, measure)
        except MISTAKES as error:
            raise ConfigError(
                f"what the yml of {mart.name} says of {measure} is no SQL: {db.first_line(error)}",
                "CONTRIBUTING, What figures are made of, tells how; `almoner trace` reads it",
            ) from error

    def of_measure(self, place: Place, measure: str) -> Trace:
        """Trace a column of a mart, and compare what it is made of with the figure."""
        mart = place.mart
        rule = declared.measures(mart)[measure]
        figure = self._figure(place, measure)
        if figure is None:
            _refuse_withheld(mart, measure)
        found = self._of_rule(place, measure, rule)
        is_none = figure is None and _may_be_none(rule, found)
        if found.figure != figure and not is_none:
            raise TraceError(
                f"{mart.name}.{measure} is {_written(figure)}, but what it is made of comes to"
                f" {_written(found.figure)}",
                f"`almoner trace {mart.name} --measure` traces {', '.join(traceable(mart))};"
                " `almoner audit` looks for what does not agree",
            )
        return replace(found, figure=figure)

    def _figure(self, place: Place, measure: str) -> Decimal | None:
        row = db.one(
            self.connection,
            sql.SQL("select sum({}) as figure from {} where {}")
            .format(
                sql.Identifier(measure),
                sql.Identifier("marts", place.mart.name),
                queries.same(place),
            )
            .as_string(),
        )
        return None if row["figure"] is None else Decimal(row["figure"])

    def _of_rule(self, place: Place, measure: str, rule: Rule) -> Trace:
        if isinstance(rule, Rows):
            return self._of_rows(place, measure, rule)
        if isinstance(rule, Formula):
            return self._of_formula(place, measure, rule)
        if isinstance(rule, Share):
            return self._of_share(place, measure, rule)
        if isinstance(rule, Elsewhere):
            return self._of_other_row(place, measure, rule)
        if isinstance(rule, Case):
            return self._of_rule(place, measure, rule.of(place.key, place.values))
        raise untraceable(place.mart, measure, rule)

    def _of_rows(self, place: Place, measure: str, rule: Rows) -> Trace:
        relation = declared.relation(rule.of)
        traced = declared.relation(place.mart.name)
        query = queries.of_rows(rule, relation, traced, place, self.limit)
        rows = self.connection.execute(query).fetchall()
        size, total = (rows[0]["size"], rows[0]["total"]) if rows else (0, Decimal(0))
        if rule.kind == "count":
            total = Decimal(size)
        shown = [self._shown(rule, relation, row) for row in rows]
        return self._trace(
            place, measure, total, rule.kind, rule.of, called=relation.called, count=size,
            each=rule.items, rows=shown, next=self._next(rule, relation, rows[:1]),
        )  # fmt: skip

    def _shown(self, rule: Rows, relation: Relation, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: row[name] for name in relation.shows}
        if rule.kind != "count":
            shown["contribution"] = row["contribution"]
        if relation.documents:
            shown["raw"] = raw_rows.of(self.connection, self.tables, self.tenant, relation, row)
        return shown

    def _next(self, rule: Rows, relation: Relation, rows: list[DictRow]) -> str:
        """Give the command that traces a row of another mart."""
        if not relation.is_mart or not rows or not relation.of:
            return ""
        row = rows[0]
        values = {name: row[name] for name in relation.grain if name in row}
        pairs = [f"{name}={'' if value is None else value}" for name, value in values.items()]
        measure = ["--measure", rule.value] if rule.value in relation.columns else []
        return shlex.join(["almoner", "trace", relation.name, *pairs, *measure])

    def _of_formula(self, place: Place, measure: str, rule: Formula) -> Trace:
        measured = traceable(place.mart)
        operands, facts = [], dict[str, Any]()
        for name in dict.fromkeys(queries.names(f"{rule.text} {rule.when}")):
            if name in rule.operands:
                operands.append(self._of_rule(place, name, rule.operands[name]))
            elif name in measured:
                operands.append(self.of_measure(place, name))
            elif name in place.values:
                facts[name] = place.values[name]
        values = {**facts, **{each.measure: each.figure for each in operands}}
        figure = self._computed(place, measure, rule, values)
        return self._trace(
            place, measure, figure, "formula", place.mart.name,
            formula=rule.text + (f", where {rule.when}" if rule.when else ""),
            facts=facts, operands=operands,
        )  # fmt: skip

    def _computed(
        self, place: Place, measure: str, rule: Formula, values: Mapping[str, Any]
    ) -> Any:
        types = place.types
        whole = sql.SQL("select case when {} then ({})::{} end as figure").format(
            queries.computed(rule.when or "true", place.values, types),
            queries.computed(rule.text, values, types),
            sql.SQL(types.get(measure, "numeric")),
        )
        try:
            with self.connection.transaction():
                return db.one(self.connection, whole.as_string())["figure"]
        except errors.DivisionByZero:
            return None

    def _of_share(self, place: Place, measure: str, rule: Share) -> Trace:
        """Divide a total into hundredths of a percent by largest remainder (V11)."""
        own = [*(name for name in place.mart.grain if name not in rule.among)]
        among = Place(place.mart, {name: place.values[name] for name in rule.among}, place.values)
        query = sql.SQL("select {}, {} as amount from {} where {} order by {}").format(
            sql.SQL(", ").join(map(sql.Identifier, own)), sql.Identifier(rule.measure),
            sql.Identifier("marts", place.mart.name), queries.same(among),
            sql.SQL(", ").join(map(sql.Identifier, own)),
        )  # fmt: skip
        members = db.rows(self.connection, query.as_string())
        shares = divided([row["amount"] for row in members])
        rows = [
            {**{name: row[name] for name in own}, rule.measure: row["amount"], measure: share}
            for row, share in zip(members, shares, strict=True)
        ]
        rows.sort(key=lambda row: any(row[name] != place.values[name] for name in own))
        return self._trace(
            place, measure, rows[0][measure], "share", place.mart.name,
            called=f"rows of {place.mart.name}", count=len(rows), rows=rows[: self.limit],
            formula=f"{rule.measure} * 100 / total",
            facts={"total": sum((row["amount"] for row in members), Decimal(0))},
            operands=[self.of_measure(place, rule.measure)],
        )  # fmt: skip

    def _of_other_row(self, place: Place, measure: str, rule: Elsewhere) -> Trace:
        moved = {key: place.values[column] for key, column in rule.at.items()}
        named = {key: moved.get(key, value) for key, value in place.key.items()}
        other = Place(place.mart, named, {**named, **moved})
        found = self._of_rule(other, measure, declared.measures(place.mart)[rule.measure])
        told = " and ".join(f"{key} = {value}" for key, value in moved.items())
        return replace(found, key=dict(place.key), formula=f"{rule.measure} where {told}")

    def _trace(
        self, place: Place, measure: str, figure: Any, how: str, kind: str, **more: Any
    ) -> Trace:
        return Trace(
            place.mart.name, measure, dict(place.key), self.release, figure, how, kind, **more
        )


def divided(amounts: list[Decimal]) -> list[Decimal | None]:
    """Give the part of each amount in percent, such that all make 100.00."""
    total = sum(amounts, Decimal(0))
    if not total:
        return [None] * len(amounts)
    units = [int((amount * 10000 / total).to_integral_value("ROUND_FLOOR")) for amount in amounts]
    rests = [
        abs(amount * 10000 - unit * total) for amount, unit in zip(amounts, units, strict=True)
    ]
    first = sorted(range(len(amounts)), key=lambda place: -rests[place])
    for place in first[: 10000 - sum(units)]:
        units[place] += 1
    return [Decimal(unit) / 100 for unit in units]


def traceable(mart: Mart) -> list[str]:
    """List the figures of a mart that can be traced."""
    found = declared.measures(mart)
    return [name for name, rule in found.items() if not isinstance(rule, Untraced)]


def untraceable(mart: Mart, measure: str, rule: Untraced) -> ConfigError:
    """Say why a column is no figure, and what can be asked."""
    return ConfigError(
        f"{mart.name}.{measure} is not traced: {rule.why}",
        f"`almoner trace {mart.name} … --measure` takes {', '.join(traceable(mart))}",
    )


def _tenant(mart: Mart, key: Mapping[str, str | None]) -> str:
    unknown = [column for column in key if column not in mart.grain]
    if unknown:
        raise queries.incomplete(mart, f"{unknown[0]} is no key of {mart.name}")
    tenant = key.get("tenant_id")
    if tenant is None:
        raise queries.incomplete(mart, "the key is not complete")
    return tenant


def _require(mart: Mart, key: Mapping[str, Any], measure: str) -> None:
    """Raise `ConfigError` for a key that leaves out what a figure cannot be added up over."""
    rule = declared.measures(mart)[measure]
    is_left_out = isinstance(rule, Case) and rule.column not in key
    is_case = isinstance(rule, Case) and not is_left_out
    adds_up = _is_sum(rule) and not is_case and not declared.relation(mart.name).is_whole
    needed = {"tenant_id", BALANCED_BY} if adds_up else set(mart.grain)
    left_out = [name for name in mart.grain if name in needed - set(key)]
    if left_out:
        raise queries.incomplete(
            mart, f"the key is not complete: {measure} needs {', '.join(left_out)}"
        )


def _is_sum(rule: Rule) -> bool:
    """Tell whether a figure is a sum of rows, at least where no row is named."""
    if isinstance(rule, Case):
        rule = rule.rules.get(declared.LEFT_OUT, rule)
    return isinstance(rule, Rows) and rule.kind == "sum"


def _refuse_withheld(mart: Mart, measure: str) -> None:
    """Raise `ConfigError` for a count that a tenant may withhold, if it is not shown."""
    rule = declared.measures(mart)[measure]
    while isinstance(rule, Elsewhere):
        rule = declared.measures(mart)[rule.measure]
    if isinstance(rule, Rows) and declared.relation(rule.of).is_small:
        raise ConfigError(
            f"{mart.name}.{measure} is not shown: the tenant withholds small counts of patients,"
            " or has none on record",
            "`almoner tenant policy` tells what is withheld",
        )


def chosen(mart: Mart, measure: str | None) -> str:
    """Give the measure that is asked for, or the mart's main one."""
    known = traceable(mart)
    if not known:
        raise ConfigError(
            f"{mart.name} has no figures", "`almoner marts` lists the marts and their columns"
        )
    if measure is None:
        sums = [name for name in known if _is_sum(declared.measures(mart)[name])]
        return next((name for name in MAIN if name in sums), [*sums, *known][0])
    rule = declared.measures(mart).get(measure)
    if rule is None and declared.is_measure(mart, measure):
        raise ConfigError(
            f"the yml of {mart.name} does not say what {measure} is made of",
            f"say it (CONTRIBUTING, What figures are made of); `almoner trace {mart.name} …"
            f" --measure` takes {', '.join(known)}",
        )
    if rule is None:
        raise ConfigError(
            f"{mart.name} has no measure {measure} to trace",
            f"`almoner trace {mart.name} … --measure` takes {', '.join(known)}",
        )
    if isinstance(rule, Untraced):
        raise untraceable(mart, measure, rule)
    return measure


def _place(connection: db.Connection, mart: Mart, key: dict[str, Any]) -> Place:
    """Find the rows of a key: of one, all columns are known."""
    texts = {column.name for column in mart.columns if column.is_text}
    key = {
        name: None if value == "" and name not in texts else value for name, value in key.items()
    }
    place = Place(mart, key, key)
    query = sql.SQL("select * from {} where {} limit 2").format(
        sql.Identifier("marts", mart.name), queries.same(place)
    )
    try:
        rows = connection.execute(query).fetchall()
    except errors.DataError as error:
        raise ConfigError(
            db.first_line(error), f"`almoner trace {mart.name} {' '.join(mart.grain)}`"
        ) from error
    if not rows:
        raise ConfigError(
            f"{mart.name} has no such row",
            f"`almoner export {mart.name} --tenant {key['tenant_id']} --out -` shows its rows",
        )
    if len(rows) > 1:
        return place
    names = {column.name for column in mart.columns}
    values = {name: value for name, value in rows[0].items() if name in names}
    return Place(mart, {name: values[name] for name in mart.grain}, values)


def _may_be_none(rule: Rule, found: Trace) -> bool:
    """Tell whether a mart may have no figure: there are no rows for it, or not all of them."""
    is_empty = found.how in ("sum", "max", "count") and not found.count
    return is_empty or isinstance(rule, Elsewhere)


def _written(figure: Any) -> str:
    return "nothing" if figure is None else f"{figure:f}"


def parsed(pairs: tuple[str, ...]) -> dict[str, str | None]:
    """Read `column=value` pairs; raise `ConfigError` for anything else."""
    found: dict[str, str | None] = {}
    for pair in pairs:
        column, sign, value = pair.partition("=")
        if not sign or not column:
            raise ConfigError(
                f"{pair!r} is no key",
                "`almoner trace MART tenant_id=demo_1 business_date=2026-10-01`",
            )
        found[column] = value
    return found
