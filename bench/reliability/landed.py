"""What has landed in raw, held against the source that it came from."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from runner import contracts, raw
from runner.contracts import Table

NAME = "demo"


@dataclass(frozen=True)
class Difference:
    """Keys that the source has and raw lacks, rows that differ, keys that raw alone has."""

    missed: list[str]
    stale: list[str]
    ghosts: list[str]

    @property
    def size(self) -> int:
        return len(self.missed) + len(self.stale) + len(self.ghosts)

    def __str__(self) -> str:
        return (
            f"{len(self.missed)} missed {self.missed[:3]}, {len(self.stale)} stale"
            f" {self.stale[:3]}, {len(self.ghosts)} ghosts {self.ghosts[:3]}"
        )


def compare(source: str, target: str, system: str = "hms") -> Difference:
    """Compare each column that the contract names of every row, now."""
    found = Difference([], [], [])
    contract = contracts.load(system)
    with psycopg.connect(source) as theirs, psycopg.connect(target) as ours:
        for table in contract.tables:
            want = _rows(theirs, _at_source(contract.schema, table))
            have = _rows(ours, _in_raw(table))
            name = table.source_name
            found.missed.extend(f"{name} {key}" for key in want.keys() - have.keys())
            found.ghosts.extend(f"{name} {key}" for key in have.keys() - want.keys())
            found.stale.extend(
                f"{name} {key}" for key in want.keys() & have.keys() if want[key] != have[key]
            )
    return found


def state(target: str) -> str:
    """Digest all that a sync writes: rows, feeds and where the next one begins."""
    with psycopg.connect(target) as connection:
        tables = connection.execute(
            "select format('%I.%I', nspname, relname)"
            " from pg_class join pg_namespace as nsp on nsp.oid = relnamespace"
            " where (nspname like 'raw%' or nspname in ('feed', 'quarantine')"
            " or relname in ('watermarks', 'landings', 'feed_log'))"
            " and relkind = 'r' order by 1"
        ).fetchall()
        found = [
            connection.execute(
                sql.SQL(
                    "select md5(string_agg(tab::text, ' ' order by tab::text)) from {} as tab"
                ).format(sql.SQL(name))
            ).fetchone()
            for (name,) in tables
        ]
    return str(found)


def _rows(connection: psycopg.Connection[tuple[str, str]], query: sql.Composed) -> dict[str, str]:
    return dict(connection.execute(query).fetchall())


def _at_source(schema: str, table: Table) -> sql.Composed:
    columns = {
        column.name: sql.SQL("{}::{}").format(
            sql.Identifier(column.source_name), sql.SQL(column.data_type)
        )
        for column in table.columns
    }
    return _select(columns, table, sql.Identifier(schema, table.source_name), sql.SQL("true"))


def _in_raw(table: Table) -> sql.Composed:
    columns = {name: sql.Composed([sql.Identifier(name)]) for name in table.column_names}
    within = sql.SQL("source_id = {}").format(sql.Literal(NAME))
    return _select(columns, table, raw.relation(table), within)


def _select(
    columns: dict[str, sql.Composed],
    table: Table,
    relation: sql.Identifier,
    within: sql.Composable,
) -> sql.Composed:
    key = sql.SQL(", ").join(columns[name] for name in table.key)
    every = sql.SQL(", ").join(columns.values())
    return sql.SQL("select row({})::text, row({})::text from {} where {}").format(
        key, every, relation, within
    )
