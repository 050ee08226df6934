"""Rows of files: they arrive as text, PostgreSQL judges each value, and what is good is cast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from runner import db, landing, quarantine, raw
from runner.contracts import Column, Table
from runner.landing import Job
from runner.quarantine import EVERY, Aside
from runner.records import Records
from runner.wanted import Wanted

OWN = ("@file", "@line", "@problem", "@spoilt")
ISO = r"^\s*([-+]?infinity\s*$|\d{4,}-?\d\d-?\d\d)"  # PostgreSQL takes "now" and 1/2/3 as well


@dataclass(frozen=True)
class Counted:
    """How many rows of a file arrived, and how many of them will not land."""

    read: int
    aside: int


@dataclass(frozen=True)
class Arrival:
    """The table of one job in which the texts of its files stand until they are judged."""

    job: Job
    paths: tuple[str, ...]

    @property
    def name(self) -> sql.Identifier:
        return sql.Identifier("work", f"arr_{self._table.feed_name}"[:63])

    @property
    def _table(self) -> Table:
        return self.job.table

    def open(self) -> None:
        """Make the table; it goes when its rows have landed."""
        columns = sql.SQL(", ").join(
            sql.SQL("{} text").format(sql.Identifier(name)) for name in self._table.column_names
        )
        self.job.target.execute(sql.SQL("drop table if exists {}").format(self.name))
        self.job.target.execute(
            sql.SQL(
                'create unlogged table {} ("@file" int, "@line" bigint, "@problem" text,'
                ' "@spoilt" text, {})'
            ).format(self.name, columns)
        )

    def close(self) -> None:
        """Drop the table."""
        self.job.target.execute(sql.SQL("drop table {}").format(self.name))

    def copy(self, records: Records) -> None:
        """Copy the records of a file in, text by text."""
        blocks = records.blocks()
        next(blocks)
        statement = sql.SQL("copy {} ({}) from stdin (format csv, encoding 'utf8')").format(
            self.name, raw.names((*OWN, *records.columns))
        )
        with self.job.target.cursor() as cursor, cursor.copy(statement) as copy:
            for block in blocks:
                copy.write(block)

    def copy_aside(self) -> None:
        """Take the rows of files that were set aside before, to judge them once more."""
        query = sql.SQL(db.script("arrive_again")).format(
            arrived=self.name,
            columns=raw.names((*OWN, *self._table.column_names)),
            values=sql.SQL(", ").join(
                sql.SQL("old.row_data ->> {}").format(sql.Literal(name))
                for name in self._table.column_names
            ),
            paths=sql.Literal(list(self.paths)),
            source=sql.Literal(self.job.source),
            entity=sql.Literal(quarantine.entity(self._table)),
        )
        self.job.target.execute(query)

    def judge(self) -> None:
        """Say of each row why it cannot land, if it cannot."""
        self.job.target.execute(
            sql.SQL(db.script("judge_values")).format(
                arrived=self.name,
                keyless=quarantine.any_null(self._table.key, "arr"),
                is_bad=sql.SQL(" or ").join(map(_is_bad, self._table.columns)),
                reasons=sql.SQL(", ").join(map(_reason, self._table.columns)),
            )
        )
        cursor = self._cast(self._table.cursor) if self._table.cursor else sql.SQL("null")
        self.job.target.execute(
            sql.SQL(db.script("judge_keys")).format(
                arrived=self.name, key=self._casts(self._table.key), newest=cursor
            )
        )

    def leave_out(self, wanted: Wanted) -> int:
        """Forget the rows of tenants that do not land, and count them."""
        if wanted == Wanted() or not self._table.tenant:
            return 0
        owner = self._if_valid(self._table.tenant, self._tenant())
        query = sql.SQL("delete from {} as arr where not coalesce({}, true)")
        return self.job.target.execute(
            query.format(self.name, wanted.condition(sql.SQL("({})").format(owner)))
        ).rowcount

    def yield_to_landed(self) -> None:
        """Keep aside what has the key of a row that landed meanwhile."""
        self.job.target.execute(
            sql.SQL(db.script("judge_landed")).format(
                arrived=self.name,
                raw=raw.relation(self._table),
                source=sql.Literal(self.job.source),
                key=raw.names(self._table.key, "cur"),
                same=self._casts(self._table.key),
            )
        )

    def counted(self) -> list[Counted]:
        """Count the rows that arrived, file by file."""
        query = sql.SQL(db.script("arrived_counts")).format(
            arrived=self.name, files=sql.Literal(len(self.paths))
        )
        found = db.rows(self.job.target, query.as_string())
        return [Counted(row["read"], row["aside"]) for row in found]

    def set_aside(self, *, in_place_of_all: bool) -> Aside:
        """Quarantine what cannot land.

        It stands in place of all that was aside, or of those rows whose key is here now.
        """
        tenant: sql.Composable = sql.SQL("null::text")
        if self._table.tenant:
            tenant = self._if_valid(self._table.tenant, self._tenant())
        cursor = self._table.cursor
        recorded: sql.Composable = sql.SQL("null")
        if cursor and self._table.type_of(cursor).startswith("timestamp"):
            recorded = self._if_valid(cursor, self._cast(cursor))
        removed = sql.SQL(db.script("aside_of_arrived")).format(
            arrived=self.name,
            tenant=tenant,
            recorded=recorded,
            files=sql.Literal(list(self.paths)),
        )
        job, replaced = self.job, EVERY if in_place_of_all else self._has_arrived()
        aside = quarantine.replace(
            job.target, job.source, job.table, removed, job.release, replaced
        )
        if aside.added or aside.gone:
            landing.log_feed(job.target, job.release, quarantine.FEED)
        return aside

    def cast_into(self, place: sql.Identifier) -> int:
        """Insert the good rows, each value as its type, and count them."""
        tenant = [self._tenant()] if self._table.tenant else []
        casts = [self._cast(name) for name in self._table.column_names]
        release = sql.Literal(self.job.release)
        values = sql.SQL(", ").join([sql.Literal(self.job.source), *tenant, *casts, release])
        query = sql.SQL('insert into {} ({}) select {} from {} as arr where "@problem" is null')
        return self.job.target.execute(
            query.format(
                place, raw.names((*raw.columns_of(self._table), "landed_in")), values, self.name
            )
        ).rowcount

    def _has_arrived(self) -> sql.Composable:
        """Say that the key of a row that was set aside before is here, good or bad."""
        same = sql.SQL(" and ").join(
            sql.SQL("arr.{} = old.row_data ->> {}").format(sql.Identifier(name), sql.Literal(name))
            for name in self._table.key
        )
        return sql.SQL("exists (select from {} as arr where {})").format(self.name, same)

    def _tenant(self) -> sql.Composable:
        prefix = sql.Literal(f"{self.job.source}_")
        return sql.SQL("concat({}, {})").format(prefix, self._cast(str(self._table.tenant)))

    def _if_valid(self, name: str, value: sql.Composable) -> sql.Composable:
        text, data_type = sql.Identifier("arr", name), sql.Literal(self._table.type_of(name))
        return sql.SQL(
            "case when {text} is not null and almoner.is_input({text}, {type}) then {value} end"
        ).format(text=text, type=data_type, value=value)

    def _cast(self, name: str) -> sql.Composable:
        return sql.SQL("arr.{}::{}").format(
            sql.Identifier(name), sql.SQL(self._table.type_of(name))
        )

    def _casts(self, names: tuple[str, ...]) -> sql.Composable:
        return sql.SQL(", ").join(self._cast(name) for name in names)


def shown(path: Path) -> str:
    """Write a file's path as it is remembered."""
    return path.as_posix()


def _is_bad(column: Column) -> sql.Composable:
    """Say that a value is not what its column's type takes, or not there though it must be."""
    name, data_type = sql.Identifier("arr", column.name), sql.Literal(column.data_type)
    tests: list[sql.Composable] = [sql.SQL("false")]
    if column.is_required:
        tests.append(sql.SQL("{} is null").format(name))
    if not _takes_any_text(column):
        tests.append(sql.SQL("not almoner.is_input({}, {})").format(name, data_type))
    if _is_date(column):
        tests.append(sql.SQL("{} !~* {}").format(name, sql.Literal(ISO)))
    return sql.SQL("coalesce({}, false)").format(sql.SQL(" or ").join(tests))


def _reason(column: Column) -> sql.Composable:
    """Name what is wrong with a value: what PostgreSQL says of it."""
    return sql.SQL(
        "case"
        " when {name} is null then case when {required} then {missing} end"
        " when not almoner.is_input({name}, {type})"
        " then {label} || almoner.input_error({name}, {type})"
        " when {dated} and {name} !~* {iso} then {undated} || {name} || {quote}"
        " end"
    ).format(
        name=sql.Identifier("arr", column.name),
        required=sql.Literal(column.is_required),
        missing=sql.Literal(f"{column.name}: required, and missing"),
        type=sql.Literal(column.data_type),
        label=sql.Literal(f"{column.name}: "),
        dated=sql.Literal(_is_date(column)),
        iso=sql.Literal(ISO),
        undated=sql.Literal(f'{column.name}: no ISO 8601 date: "'),
        quote=sql.Literal('"'),
    )


def _takes_any_text(column: Column) -> bool:
    return column.data_type in ("text", "varchar", "character varying")


def _is_date(column: Column) -> bool:
    return column.data_type.startswith(("date", "timestamp"))
