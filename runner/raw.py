"""The raw tables, their feeds and landing tables, made from the source contracts."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from runner import contracts, db
from runner.contracts import Table
from runner.errors import ConfigError


def prepare(connection: db.Connection) -> None:
    """Make what is missing of every contract's raw tables; add columns and indexes that are new.

    Raises `ConfigError` when a contract changes the key, the tenant or the type of a column
    of a table that has landed.
    """
    known = _existing_columns(connection)
    keys, indexes = _existing_indexes(connection)
    every = contracts.load_all()
    type_names = db.type_names(
        connection, {name for contract in every for name in contracts.types(contract)}
    )
    for contract in every:
        schema = sql.Identifier(f"raw_{contract.system}")
        connection.execute(sql.SQL("create schema if not exists {}").format(schema))
        for table in contract.tables:
            place = (table.raw_schema, table.raw_name)
            if place not in known:
                _create(connection, table)
                continue
            _compare(connection, table, known[place], type_names)
            _compare_key(table, known[place], keys.get(place))
            for name in set(table.feed_columns) - known["feed", table.feed_name].keys():
                _add_to_feed(connection, table, name)
            if not set(_indexes(table)) <= indexes.get(place, set()):
                create_indexes(connection, table)


def landed_systems(connection: db.Connection) -> list[str]:
    """List the systems of which a source was ever synced, in order."""
    found = db.rows(
        connection,
        "select distinct split_part(substr(table_name, 5), '__', 1) as system"
        " from almoner.watermarks order by 1",
    )
    return [str(row["system"]) for row in found]


def relation(table: Table) -> sql.Identifier:
    """Name a raw table."""
    return sql.Identifier(table.raw_schema, table.raw_name)


def feed(table: Table) -> sql.Identifier:
    """Name the change feed of a raw table."""
    return sql.Identifier("feed", table.feed_name)


def landing(table: Table) -> sql.Identifier:
    """Name the unlogged table in which rows arrive before they are merged."""
    return sql.Identifier("work", f"land_{table.feed_name}")


def names(columns: Iterable[str], alias: str | None = None) -> sql.Composed:
    """Write a column list, each name quoted and, if an alias is given, qualified."""
    parts = [sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in columns]
    return sql.SQL(", ").join(parts)


def columns_of(table: Table) -> tuple[str, ...]:
    """Give the raw table's columns in order, without `landed_in`."""
    tenant = ("tenant_id",) if table.tenant else ()
    return ("source_id", *tenant, *table.column_names)


def key_of(table: Table) -> tuple[str, ...]:
    """Give the raw table's primary key."""
    return ("source_id", *table.key)


def create_indexes(connection: db.Connection, table: Table) -> None:
    """Make the primary key and the indexes of a raw table, if they are missing."""
    has_key = db.one(
        connection,
        "select exists (select from pg_constraint"
        " where conrelid = %s::regclass and contype = 'p')",
        f'"{table.raw_schema}"."{table.raw_name}"',
    )
    if not has_key["exists"]:
        connection.execute(
            sql.SQL("alter table {} add primary key ({})").format(
                relation(table), names(key_of(table))
            )
        )
    for name, index in _indexes(table).items():
        connection.execute(
            sql.SQL("create index if not exists {} on {} ({})").format(
                sql.Identifier(name), relation(table), names(index)
            )
        )


def drop_indexes(connection: db.Connection, table: Table) -> None:
    """Drop what `create_indexes` makes, before a first load."""
    for row in db.rows(
        connection,
        "select conname from pg_constraint where conrelid = %s::regclass and contype = 'p'",
        f'"{table.raw_schema}"."{table.raw_name}"',
    ):
        parts = [sql.SQL("drop constraint {}").format(sql.Identifier(row["conname"]))]
        # the key's columns stay "not null" without it, and a row without a key is set aside
        parts += [
            sql.SQL("alter column {} drop not null").format(sql.Identifier(name))
            for name in key_of(table)
        ]
        connection.execute(
            sql.SQL("alter table {} {}").format(relation(table), sql.SQL(", ").join(parts))
        )
    for row in db.rows(
        connection,
        "select indexrelid::regclass::text as name from pg_index where indrelid = %s::regclass",
        f'"{table.raw_schema}"."{table.raw_name}"',
    ):
        connection.execute(f"drop index {row['name']}")


def _indexes(table: Table) -> dict[str, tuple[str, ...]]:
    """Map the name of each index of a raw table to its columns."""
    own = (("tenant_id", *table.key),) if table.tenant else ()
    return {f"{table.raw_name}_{'_'.join(index)}"[:60]: index for index in (*own, *table.indexes)}


def _existing_columns(connection: db.Connection) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in db.rows(connection, db.script("raw_columns")):
        table = found.setdefault((row["schema_name"], row["table_name"]), {})
        table[row["column_name"]] = row["data_type"]
    return found


def _existing_indexes(
    connection: db.Connection,
) -> tuple[dict[tuple[str, str], tuple[str, ...]], dict[tuple[str, str], set[str]]]:
    """Give the key's columns and the names of the indexes of each raw table."""
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    names: dict[tuple[str, str], set[str]] = {}
    for row in db.rows(connection, db.script("raw_indexes")):
        place = (row["schema_name"], row["table_name"])
        names.setdefault(place, set()).add(row["index_name"])
        if row["is_key"]:
            keys[place] = tuple(row["column_names"])
    return keys, names


def _compare(
    connection: db.Connection, table: Table, existing: dict[str, str], type_names: dict[str, str]
) -> None:
    for column in table.columns:
        if column.name not in existing:
            _add(connection, table, column)
            continue
        if type_names[column.data_type] != existing[column.name]:
            raise _changed(
                table,
                f"{column.name} has landed as {existing[column.name]} and the contract now says"
                f" {column.data_type}",
            )


def _compare_key(table: Table, existing: dict[str, str], key: tuple[str, ...] | None) -> None:
    if bool(table.tenant) != ("tenant_id" in existing):
        raise _changed(table, f"it has landed {'without' if table.tenant else 'with'} a tenant")
    if key and key != key_of(table):
        raise _changed(table, f"it has landed by the key {', '.join(key[1:])}")


def _changed(table: Table, what: str) -> ConfigError:
    """Say what a contract may not change, and how to land a table anew."""
    relations = f"{table.raw_schema}.{table.raw_name}, feed.{table.feed_name}"
    return ConfigError(
        f"{table.raw_schema}.{table.raw_name}: {what}",
        "take the change back, or land the table anew: `almoner db psql -- -c"
        f" 'drop table {relations}, work.land_{table.feed_name} cascade'`",
    )


def _add_to_feed(connection: db.Connection, table: Table, name: str) -> None:
    """Let the feed carry one more column; who asks for it is recomputed in full."""
    connection.execute(
        sql.SQL("alter table {} add column {} {}").format(
            feed(table), sql.Identifier(name), sql.SQL(table.type_of(name))
        )
    )


def _create(connection: db.Connection, table: Table) -> None:
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(table.type_of(name)))
        for name in columns_of(table)
    ]
    body = sql.SQL(", ").join(columns)
    with connection.transaction():
        connection.execute(
            sql.SQL("create table {} ({}, landed_in int not null)").format(relation(table), body)
        )
        connection.execute(
            sql.SQL("create unlogged table if not exists {} ({}, landed_in int)").format(
                landing(table), body
            )
        )
        fed = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(table.type_of(name)))
            for name in table.feed_columns
        )
        connection.execute(
            sql.SQL("create table if not exists {} (release_id int not null, {})").format(
                feed(table), fed
            )
        )
        connection.execute(
            sql.SQL("create index if not exists {} on {} (release_id)").format(
                sql.Identifier(f"{table.feed_name}_release"[:60]), feed(table)
            )
        )
        create_indexes(connection, table)
        _forget_watermarks(connection, table)


def _forget_watermarks(connection: db.Connection, table: Table) -> None:
    """Let every source of a table be read in full."""
    connection.execute("delete from almoner.watermarks where table_name = %s", (table.feed_name,))


def _add(connection: db.Connection, table: Table, column: contracts.Column) -> None:
    """Add a column to a raw table. Its source is read in full, for the old rows' values."""
    with connection.transaction():
        for target in (relation(table), landing(table)):
            connection.execute(
                sql.SQL("alter table {} add column {} {}").format(
                    target,
                    sql.Identifier(column.name),
                    sql.SQL(column.data_type),
                )
            )
        _forget_watermarks(connection, table)
