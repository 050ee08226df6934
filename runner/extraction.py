"""Reading a source: one read-only snapshot, and only what the contract asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from psycopg import sql
from psycopg.rows import DictRow

from runner import contracts, db, fingerprints
from runner.contracts import Table
from runner.errors import ContractError
from runner.settings import Source
from runner.wanted import Wanted

# casts that lose nothing, beside the identity
WIDENING = {
    "smallint": {"integer", "bigint", "numeric"},
    "integer": {"bigint", "numeric"},
    "bigint": {"numeric"},
    "real": {"double precision"},
    "character varying": {"text"},
    "character": {"text"},
    "name": {"text"},
    "text": {"character varying"},
    "json": {"jsonb"},
}
TWO_TO_32 = 4294967296
LONG_AGO = 1_500_000_000  # transactions: within half of the numbers that there are
FEW = 20_000  # changed rows that are read again by their place, not by another pass


@dataclass(frozen=True)
class Watermark:
    """Up to where a table was read: the snapshot, of which server and table, and how many rows.

    With `cursor_from` what changed is told by the cursor column, else by xmin.
    """

    server_identity: str
    snapshot_xmin: int
    row_count: int
    cursor_from: datetime | None = None


@dataclass(frozen=True)
class Bound:
    """From when on rows are written that a snapshot does not show; or why nobody can say."""

    at: datetime | None
    refusal: str | None


@dataclass(frozen=True)
class Found:
    """A table as the source really has it: its kind and the type of each column.

    `hidden` columns are there and may not be read.
    """

    oid: str
    kind: str
    columns: dict[str, str]
    unique: list[set[str]] = field(default_factory=list)
    kept: dict[str, bool] = field(default_factory=dict)  # by cursor column: is it indexed
    hidden: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Counted:
    """How many rows of a table are wanted, how many of these changed, and how many are not."""

    total: int
    changed: int
    skipped: int


class Turns(AbstractContextManager[None]):
    """A lock that is had in the order in which it was asked for; not twice by one thread."""

    def __init__(self) -> None:
        self._next, self._held = Lock(), Lock()

    def __enter__(self) -> None:
        with self._next:
            self._held.acquire()

    def __exit__(self, *error: object) -> None:
        self._held.release()


@dataclass(frozen=True)
class Snapshot:
    """One repeatable-read transaction on a source; threads that share it read one at a time.

    `state` is the same only while no transaction on its server has written anything.
    """

    name: str
    contract: contracts.Contract
    connection: db.Connection
    identity: str
    state: str
    xmin: int
    bound: Bound
    tables: dict[str, Found]
    type_names: dict[str, str]
    wanted: Wanted
    _alone: Turns = field(default_factory=Turns, compare=False)
    _places: dict[str, str] = field(default_factory=dict)
    _ahead: dict[str, tuple[int, list[bytes]]] = field(default_factory=dict)
    _counted: dict[tuple[str, Watermark | None], Counted] = field(default_factory=dict)

    @property
    def is_of_tables(self) -> bool:
        """Tell whether rows change by transactions on this server alone.

        Those of a view or a foreign table may change without.
        """
        names = [table.source_name for table in self.contract.tables]
        kinds = {self.tables[name].kind for name in names if name in self.tables}
        return kinds <= {"r", "hidden"}

    def check(self, table: Table) -> str:
        """Compare a table with its contract and give its identity.

        A table whose keys the source does not keep unique is told by `unkeyed`, not by its
        kind: any row may then be a second one with a key that was read before.

        Raises `ContractError` naming the first missing table, column or wrong type.
        """
        place = self.place(table)
        found = self.tables.get(table.source_name)
        if found is None or not found.columns:
            raise ContractError(
                f"{place} does not exist or may not be read",
                f"create it, or `grant usage on schema {self.contract.schema} to {self._user}` and"
                f" `grant select on all tables in schema {self.contract.schema} to {self._user}`",
            )
        lacking = self.lacking(table)
        for column in table.columns:
            if column.name in lacking:
                continue
            if column.source_name not in found.columns:
                raise ContractError(
                    f"{place} has no column {column.source_name}",
                    f"add the column, let {self._user} read it, or mend {self._contract_file};"
                    " then run `almoner sync`",
                )
            has = found.columns[column.source_name]
            wanted = self.type_names[column.data_type]
            if has not in (wanted, "enum or domain") and wanted not in WIDENING.get(has, ()):
                raise ContractError(
                    f"{place}.{column.source_name} is {has}, the contract says {wanted}",
                    f"change the type back, or mend {self._contract_file} and its staging"
                    " model; then run `almoner sync`",
                )
        key = {table.in_source(name) for name in table.key}
        is_keyed = any(columns <= key for columns in found.unique)
        kind = found.kind if is_keyed else "unkeyed"
        without = f"-{','.join(lacking)}" if lacking else ""
        return f"{self.identity}/{found.oid}{without}{self.wanted.digest}/{kind}"

    def lacks(self, table: Table) -> bool:
        """Tell whether an optional table is not there; one that may not be read is there."""
        return table.is_optional and table.source_name not in self.tables

    def lacking(self, table: Table) -> tuple[str, ...]:
        """Name the optional columns that a table does not have; they are null."""
        found = self.tables[table.source_name]
        return tuple(
            column.name
            for column in table.columns
            if column.is_optional and column.source_name not in found.columns.keys() | found.hidden
        )

    def place(self, table: Table) -> str:
        """Name a table in what is told of it."""
        return f"source {self.name}: {self.contract.schema}.{table.source_name}"

    def counts(self, table: Table, since: Watermark | None) -> Counted:
        """Count the rows of a table, and those changed since a watermark; once in a snapshot."""
        seen = table.name, since
        if seen not in self._counted:
            with self._alone:
                self._counted[seen] = self._count(table, since)
        return self._counted[seen]

    def read_ahead(self, table: Table, since: Watermark | None, release: int) -> None:
        """Count the rows of a table, and keep those changed for `copy_rows`, of few at a time."""
        changed = self.counts(table, since).changed
        kept = sum(rows for rows, _ in list(self._ahead.values()))
        if table.name in self._places and 0 < changed <= FEW - kept:
            with self.copy_rows(table, since, release) as stream:
                self._ahead[table.name] = changed, list(stream)

    def _count(self, table: Table, since: Watermark | None) -> Counted:
        """Look through a table.

        Where few have changed their places are kept for `copy_rows`: within the snapshot a row
        stays where it is. By a cursor an index finds them, at each look.
        """
        script = db.script("source_counts_all")
        by_xmin = since is not None and since.cursor_from is None
        if by_xmin:
            script = db.script("source_counts")
        elif since is not None:
            script = db.script("source_counts_by_cursor")
        query = sql.SQL(script).format(
            changed=self._changed(table, since),
            wanted=self._wanted(table),
            table=self._relation(table),
            few=sql.Literal(FEW),
        )
        with self._reading(table):
            row = db.one(self.connection, query.as_string())
        if by_xmin and row["changed"] <= FEW:
            self._places[table.name] = row["places"]
        return Counted(int(row["total"]), int(row["changed"]), int(row["skipped"]))

    def size(self, table: Table) -> int:
        """Give the bytes that a table takes at the source; 0 of a view."""
        query = sql.SQL("select pg_table_size({}::oid)::bigint as size").format(
            sql.Literal(int(self.tables[table.source_name].oid))
        )
        with self._alone:
            return int(db.one(self.connection, query.as_string())["size"])

    def fingerprints(self, table: Table, columns: tuple[str, ...]) -> fingerprints.Buckets:
        """Give the fingerprint of each bucket of a table's keys, over some of its columns."""
        query = fingerprints.query(
            table, self._relation(table), columns, self._expressions(table), self._wanted(table)
        )
        with self._alone, self._reading(table):
            return fingerprints.read(db.rows(self.connection, query))

    @contextmanager
    def copy_rows(
        self,
        table: Table,
        since: Watermark | None,
        release: int,
        buckets: list[int] | None = None,
    ) -> Iterator[Iterator[bytes]]:
        """Stream changed rows as binary COPY, in the raw table's shape with `landed_in`.

        With `buckets` the rows of these, changed or not.
        """
        if buckets is None and table.name in self._ahead:
            yield iter(self._ahead.pop(table.name)[1])
            return
        tenant = []
        if table.tenant:
            tenant = [self._tenant(table)]
        columns = list(self._expressions(table).values())
        values = sql.SQL(", ").join(
            [
                sql.SQL("{}::text").format(sql.Literal(self.name)),
                *tenant,
                *columns,
                sql.SQL("{}::int").format(sql.Literal(release)),
            ]
        )
        changed = self._changed(table, since)
        if buckets is not None:
            changed = self._within(table, buckets)
        elif since and table.name in self._places:
            places = sql.Literal(self._places[table.name])
            changed = sql.SQL("ctid = any({}::tid[])").format(places)
        query = sql.SQL("select {} from {} where {} and {}").format(
            values, self._relation(table), changed, self._wanted(table)
        )
        with self._copy(table, query) as stream:
            yield stream

    @contextmanager
    def copy_keys(self, table: Table, buckets: list[int] | None) -> Iterator[Iterator[bytes]]:
        """Stream the keys of a table, of some buckets or of all, as binary COPY."""
        expressions = self._expressions(table)
        columns = sql.SQL(", ").join(expressions[name] for name in table.key)
        # a row that is set aside does not stand for one that has landed
        chosen = _complete(table) if buckets is None else self._within(table, buckets)
        query = sql.SQL("select {}::text, {} from {} where {} and {}").format(
            sql.Literal(self.name), columns, self._relation(table), chosen, self._wanted(table)
        )
        with self._copy(table, query) as stream:
            yield stream

    @contextmanager
    def _copy(self, table: Table, query: sql.Composed) -> Iterator[Iterator[bytes]]:
        statement = sql.SQL("copy ({}) to stdout (format binary)").format(query)
        with self._alone, self.connection.cursor() as cursor, ExitStack() as stack:
            with self._reading(table):
                copy = stack.enter_context(cursor.copy(statement))

            def blocks() -> Iterator[bytes]:
                # what fails where the blocks go is not the source's fault
                with self._reading(table):
                    yield from db.blocks(copy)

            yield blocks()

    def _reading(self, table: Table) -> AbstractContextManager[None]:
        return db.blamed(self.connection, self.place(table))

    @property
    def _user(self) -> str:
        return self.connection.info.user

    @property
    def _contract_file(self) -> str:
        return f"models/staging/{self.contract.system}/_sources.yml"

    def _relation(self, table: Table) -> sql.Identifier:
        return sql.Identifier(self.contract.schema, table.source_name)

    def _expressions(self, table: Table) -> dict[str, sql.Composable]:
        """Give each column as the contract types it."""
        lacking = self.lacking(table)
        return {
            column.name: sql.SQL("{}::{}").format(
                sql.NULL if column.name in lacking else sql.Identifier(column.source_name),
                sql.SQL(column.data_type),
            )
            for column in table.columns
        }

    def _within(self, table: Table, buckets: list[int]) -> sql.Composable:
        return sql.SQL("{} = any({})").format(
            fingerprints.bucket(table, self._expressions(table)), sql.Literal(buckets)
        )

    def _tenant(self, table: Table) -> sql.Composable:
        # concat: a row of no tenant must be seen to be one
        owner = sql.Identifier(table.in_source(str(table.tenant)))
        return sql.SQL("concat({}, {})").format(sql.Literal(f"{self.name}_"), owner)

    def _wanted(self, table: Table) -> sql.Composable:
        """Say which rows land: those of wanted tenants; what is shared, while there is one."""
        if self.wanted == Wanted():
            return sql.SQL("true")
        if table.tenant:
            return self.wanted.condition(self._tenant(table))
        owners = [
            each
            for each in self.contract.tables
            if each.tenant in each.key and not self.lacks(each)
        ]
        found = sql.SQL(" or ").join(
            sql.SQL("exists (select from {} where {})").format(
                self._relation(each), self.wanted.condition(self._tenant(each))
            )
            for each in owners
        )
        return sql.SQL("({})").format(found) if owners else sql.SQL("true")

    def _changed(self, table: Table, since: Watermark | None) -> sql.Composable:
        """Say which rows may have changed: those whose xmin is not before the old snapshot's.

        `age` compares modulo 2^32, as PostgreSQL compares transaction numbers; that of the
        snapshot is worked out once, not once a row.
        """
        if since is None:
            return sql.SQL("true")
        if since.cursor_from is not None and table.cursor:
            return sql.SQL("{} >= {}").format(
                sql.Identifier(table.in_source(table.cursor)), sql.Literal(since.cursor_from)
            )
        return sql.SQL("age(xmin) <= (select age({}::xid))").format(
            sql.Literal(str(since.snapshot_xmin % TWO_TO_32))
        )


@contextmanager
def open_snapshot(name: str, source: Source, wanted: Wanted) -> Iterator[Snapshot]:
    """Open a source for one consistent reading of all its tables."""
    contract = contracts.load(source.system)
    what = f"source {name}"
    with db.opened(db.source_dsn(source), what, f"sources.{name} in almoner.yml") as connection:
        with db.blamed(connection, what):
            bound = _bound(connection)
            connection.execute("begin isolation level repeatable read read only")
            connection.execute(fingerprints.SAME_TEXT)
            row = db.one(connection, db.script("snapshot"))
            snapshot = Snapshot(
                name=name,
                contract=contract,
                connection=connection,
                identity=_identity(row),
                state=_state(row),
                xmin=int(row["xmin"]),
                bound=bound,
                tables=_tables(connection, contract.schema),
                type_names=db.type_names(connection, contracts.types(contract)),
                wanted=wanted,
            )
        yield snapshot


def state(name: str, source: Source) -> str:
    """Ask for a source's `Snapshot.state`."""
    what = f"source {name}"
    url, setting = db.source_dsn(source), f"sources.{name} in almoner.yml"
    with db.opened(url, what, setting) as connection, db.blamed(connection, what):
        return _state(db.one(connection, db.script("snapshot")))


def _state(row: DictRow) -> str:
    return f"{_identity(row)} {row['state']}"


def _identity(row: DictRow) -> str:
    return f"{row['cluster']}:{row['timeline']}/{row['database']}"


def _bound(connection: db.Connection) -> Bound:
    """Ask, before the snapshot is taken, how old what it does not show may be."""
    activity = db.one(connection, db.script("cursor_bound"))
    found = db.one(connection, db.script("cursor_conditions"))
    if not found["sees_all"]:
        return Bound(None, f"{connection.info.user} has no pg_read_all_stats at the source")
    if found["is_standby"]:
        return Bound(None, "the source is a standby, which does not show who writes")
    if found["is_prepared"]:
        return Bound(None, "the source has prepared transactions")
    if activity["is_hidden"]:
        return Bound(None, "a session of the source has track_activities off")
    return Bound(activity["bound"], None)


def _complete(table: Table) -> sql.Composable:
    """Say which rows have what the contract requires."""
    if not table.required:
        return sql.SQL("true")
    return sql.SQL(" and ").join(
        sql.SQL("{} is not null").format(sql.Identifier(table.in_source(name)))
        for name in table.required
    )


def _tables(connection: db.Connection, schema: str) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in db.rows(connection, db.script("source_columns"), schema):
        table = found.setdefault(row["table_name"], Found(row["oid"], row["kind"], {}))
        if row["is_readable"]:
            table.columns[row["column_name"]] = row["data_type"]
        else:
            table.hidden.add(row["column_name"])
    for row in db.rows(connection, db.script("source_keys"), schema):
        if row["table_name"] in found:
            found[row["table_name"]].unique.append(set(row["columns"]))
    for row in db.rows(connection, db.script("cursor_keeping"), schema):
        if row["table_name"] in found and row["is_kept"]:
            found[row["table_name"]].kept[row["column_name"]] = row["is_indexed"]
    return found


def usable(mark: Watermark | None, identity: str, xmin: int) -> Watermark | None:
    """Give the watermark if changes can be told from it, else None: read everything."""
    if mark is None or doubt(mark, identity, xmin) is not None:
        return None
    return mark if identity.endswith("/r") else None


def lacked(identity: str) -> tuple[str, ...]:
    """Name the optional columns that a table did not have when it had this identity."""
    place = identity.split("/")[2:3]
    names = place[0].partition("~")[0].partition("-")[2] if place else ""
    return tuple(names.split(",")) if names else ()


def doubt(mark: Watermark, identity: str, xmin: int) -> str | None:
    """Say why a source may not be the one that the watermark is of; None if it is.

    A view, which has no xmin of its own, and a table without a unique key are read in full
    every time, which is no doubt.
    """
    before, now = mark.server_identity.split("/"), identity.split("/")
    if len(before) != len(now):
        return "it was another kind of source before"
    server, database, place, kind = before
    cluster, _, timeline = server.partition(":")
    wanted = place.partition("~")[2]
    found = [
        (cluster == now[0].partition(":")[0], "it is another server than before"),
        (timeline in ("", now[0].partition(":")[2]), "the server was restored or failed over"),
        (database == now[1], "the database was replaced by another of its name"),
        (_oid(place) == _oid(now[2]), "the table was dropped and made again"),
        (lacked(mark.server_identity) == lacked(identity), "it has other columns than before"),
        (wanted == now[2].partition("~")[2], "other tenants of it land than before"),
        (kind == now[3], "the table is of another kind, or lost or got its unique key"),
        (xmin >= mark.snapshot_xmin, "the server is at an earlier transaction than before"),
        (xmin - mark.snapshot_xmin < LONG_AGO, "it was last read too many transactions ago"),
    ]
    return next((reason for holds, reason in found if not holds), None)


def _oid(place: str) -> str:
    """Give the table of an identity, without what it lacks and whose rows land of it."""
    return re.split("[-~]", place, maxsplit=1)[0]
