"""Random SQL of a BI login, with canaries in every value of every other tenant.

Each text of the other tenants, in every table, is a word that stands nowhere else, each figure a
number that nothing adds up to. A statement that gives one of them, as a row, an error, a notice
or a plan, has crossed a lock.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally

WORD = "qzxcanary"
FIGURE = "73519283"
PARTS = Path(__file__).with_name("statements.yml")
# in the options, for `reset all` is among the statements
PATIENCE = "-c statement_timeout=200ms"
SESSION = 200  # statements before a new connection
Row = tuple[object, ...]
Relation = tuple[str, str, list[str]]

TABLES = """
select nsp.nspname, cls.relname, array_agg(att.attname order by att.attnum) filter (
    where att.atttypid in ('text'::regtype, 'varchar'::regtype)
), array_agg(att.attname order by att.attnum) filter (where att.atttypid = 'numeric'::regtype)
from pg_class as cls
inner join pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_attribute as att on att.attrelid = cls.oid and att.attnum > 0
where
    cls.relkind in ('r', 'p') and not cls.relispartition and not att.attisdropped
    and (nsp.nspname in ('store', 'snapshots') or nsp.nspname like 'raw\\_%%')
    and att.attname not in ('tenant_id', 'source_id')
    and not exists (
        select from pg_index as ind
        where ind.indrelid = cls.oid and ind.indisunique and att.attnum = any(ind.indkey)
    )
    and exists (
        select from pg_attribute as ten
        where ten.attrelid = cls.oid and ten.attname = 'tenant_id'
    )
group by nsp.nspname, cls.relname
"""

RELATIONS = """
select nsp.nspname, cls.relname, array_agg(att.attname::text order by att.attnum)
from pg_class as cls
inner join pg_namespace as nsp on cls.relnamespace = nsp.oid
inner join pg_attribute as att on att.attrelid = cls.oid and att.attnum > 0
where
    cls.relkind in ('r', 'p', 'v', 'm', 'S', 'i') and not att.attisdropped
    and (nsp.nspname <> 'information_schema' or cls.relkind = 'v')
group by nsp.nspname, cls.relname
order by nsp.nspname, cls.relname
"""

FUNCTIONS = """
select pro.oid::regproc::text, array(
    select format_type(arg.type, null) from unnest(pro.proargtypes) as arg (type)
)
from pg_proc as pro
where
    pro.prokind = 'f'
    and pro.pronargs <= 4
    and has_function_privilege(pro.oid, 'execute')
    and pro.proname !~ 'sleep|terminate|cancel|advisory|promote|reload|rotate|shutdown'
order by 1, 2
"""


@dataclass(frozen=True)
class Grammar:
    """What statements are made of: `statements.yml`, and the names that stand in the catalog."""

    chance: random.Random
    parts: dict[str, Any]
    relations: list[Relation]
    functions: list[tuple[str, list[str]]]

    def statement(self) -> str:
        """Make up a statement."""
        kinds = self.parts["kinds"]
        kind = self.chance.choices(kinds, [each["weight"] for each in kinds])[0]
        (schema, _, _), relation, column = self._relation("rel")
        _, other, their = self._relation("oth")
        known = {
            "schema": lambda: schema, "relation": lambda: relation, "column": column,
            "other": lambda: other, "their": their,
        }  # fmt: skip
        return self._fill(self.chance.choice(kind["templates"]), known)

    def _relation(self, alias: str) -> tuple[Relation, str, Callable[[], str]]:
        """Choose a relation, half of the time a mart; give its name and a way to its columns."""
        marts = [each for each in self.relations if each[0] == "marts"]
        found = self.chance.choice(marts if self.chance.random() < 0.5 else self.relations)
        schema, name, columns = found
        return found, f'"{schema}"."{name}"', lambda: f'{alias}."{self.chance.choice(columns)}"'

    def _fill(self, template: str, known: dict[str, Callable[[], str]]) -> str:
        def part(match: re.Match[str]) -> str:
            name = match[1]
            if name in known:
                return known[name]()
            if name == "letter":
                return self.chance.choice("aeiqz_1")
            if name == "call":
                return self._call(known)
            return self._fill(self.chance.choice(self.parts[name]), known)

        return re.sub(r"\{([a-z]+)\}", part, template).replace("{{", "{").replace("}}", "}")

    def _call(self, known: dict[str, Callable[[], str]]) -> str:
        """Call a function that is open to everybody, on values or columns."""
        function, types = self.chance.choice(self.functions)
        given = [self._fill(self.chance.choice(["({value})", "{column}"]), known) for _ in types]
        cast = [f"{value}::text::{each}" for value, each in zip(given, types, strict=True)]
        return f"{function}({', '.join(cast)})"


def run(ground: Ground, size: int, seed: int, *, opened: str = "") -> Measured:
    """Run `size` random statements as the BI login of a tenant; none may show a canary.

    `opened` is SQL that opens a lock first, to see that it would be found.
    """
    tally = Tally("statements", "random statements of a BI login", seed)
    ground.renew()
    _plant(ground, opened)
    _see_that_they_stand(ground, tally)
    grammar = _grammar(ground, random.Random(seed))
    for begun in range(0, size, SESSION):
        with psycopg.connect(ground.login, autocommit=True, options=PATIENCE) as connection:
            _session(connection, grammar, min(SESSION, size - begun), tally)
    return tally.measured(size)


def _session(
    connection: psycopg.Connection[Row], grammar: Grammar, size: int, tally: Tally
) -> None:
    told = Told(connection)
    for _ in range(size):
        statement = grammar.statement()
        tally.expect(not told.has_canary(statement, tally), f"a canary by: {statement}")
        if connection.closed:
            return


class Told:
    """All that a session is told: rows, what is copied, errors and notices."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._notices: list[str] = []
        connection.add_notice_handler(lambda notice: self._notices.append(_diagnosis(notice)))

    def has_canary(self, statement: str, tally: Tally) -> bool:
        """Run a statement; tell whether it gave a canary."""
        self._notices.clear()
        answer = self._run(statement, tally)
        shown = " ".join([answer, *self._notices]).replace(",", "").replace(".", "")
        return WORD in shown or FIGURE in shown

    def _run(self, statement: str, tally: Tally) -> str:
        try:
            with self._connection.cursor() as cursor:
                if statement.startswith("copy"):
                    with cursor.copy(statement.encode()) as copy:
                        return " ".join(str(bytes(block)) for block in copy)
                cursor.execute(statement.encode())
                tally.count("ran")
                return str(cursor.fetchall()) if cursor.description else ""
        except psycopg.Error as error:
            tally.count("refused or failed")
            return f"{error} {_diagnosis(error.diag)}"


def _diagnosis(told: psycopg.errors.Diagnostic) -> str:
    """Give every part of an error or a notice that can carry a value."""
    parts = (told.message_primary, told.message_detail, told.message_hint, told.context)
    return " ".join(part or "" for part in parts)


def _plant(ground: Ground, opened: str) -> None:
    """Write canaries into every table that holds other tenants' rows, and into its statistics."""
    with psycopg.connect(
        grounds.superuser(ground.running, grounds.name_of(ground.target))
    ) as owner:
        for schema, name, texts, numbers in owner.execute(TABLES).fetchall():
            values = {column: sql.Literal(f"{WORD}{column}") for column in texts or ()}
            values |= {column: sql.SQL(FIGURE + ".41") for column in numbers or ()}
            if values:
                owner.execute(
                    sql.SQL("update {} set {} where tenant_id <> {}").format(
                        sql.Identifier(schema, name),
                        sql.SQL(", ").join(
                            sql.SQL("{} = {}").format(sql.Identifier(column), value)
                            for column, value in values.items()
                        ),
                        sql.Literal(grounds.TENANT),
                    )
                )
        owner.execute("analyze")
        owner.execute(opened.encode())


def _see_that_they_stand(ground: Ground, tally: Tally) -> None:
    """Expect the other tenants themselves to be told canaries in each way: else none could be."""
    with psycopg.connect(ground.target, autocommit=True) as owner:
        told = Told(owner)
        for tenant in grounds.tenants_of(ground.target):
            owner.execute("select set_config('almoner.tenant', %s, false)", (tenant,))
            for way in yaml.safe_load(PARTS.read_text())["ways"]:
                stands = told.has_canary(way, tally)
                is_right = stands == (tenant != grounds.TENANT)
                tally.expect(is_right, f"{tenant} reads canaries: {stands}, by {way}")


def _grammar(ground: Ground, chance: random.Random) -> Grammar:
    with psycopg.connect(ground.login) as login:
        functions = login.execute(FUNCTIONS).fetchall()
        relations = login.execute(RELATIONS).fetchall()
    parts = yaml.safe_load(PARTS.read_text())
    return Grammar(chance, parts, relations, functions)
