"""`almoner quarantine`: what is set aside, why, and whether it lands by now."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import DictRow

from runner import contracts, db, landing, load, quarantine, releases, sync
from runner.contracts import Table
from runner.errors import ConfigError
from runner.landing import Job
from runner.settings import Settings

STAGED = sql.SQL(
    "(select * from store.fct_quarantined_rows where released_in <= {0} and retired_in > {0})"
)
NOTHING = sql.SQL(
    "(select null::text as tenant_id, ''::text as entity, null::bigint as document_id,"
    " null::bigint as row_id, null::text as reject_reason, null::jsonb as rejected_row,"
    " null::timestamptz as recorded_at, null::int as released_in limit 0)"
)


@dataclass(frozen=True)
class Retried:
    """What became of the rows of a table that could not land: `mended` ones are not aside now."""

    source: str
    table: str
    aside: int
    mended: int
    still_aside: int


@dataclass(frozen=True)
class _Aside:
    """The rows of a table that could not land, and whether they came from files."""

    source: str
    table: Table
    rows: int
    is_filed: bool


def listing(
    connection: db.Connection, source: str | None, table: str | None, tenant: str | None
) -> list[DictRow]:
    """Count what is set aside by source, table and reason, with an example of each."""
    query = sql.SQL(db.script("quarantine_list")).format(
        staging=_staged(connection),
        source=sql.Literal(source),
        table=sql.Literal(table),
        tenant=sql.Literal(tenant),
    )
    return db.rows(connection, query.as_string())


def find(connection: db.Connection, name: str) -> DictRow:
    """Give one row that is set aside, as `listing` names it.

    Raises `ConfigError` if there is none of that name.
    """
    query = sql.SQL(db.script("quarantine_staged_row")).format(
        staging=_staged(connection), name=sql.Literal(name)
    )
    found = db.rows(connection, db.script("quarantine_row"), name)
    for row in found or db.rows(connection, query.as_string()):
        return row
    raise ConfigError(f"no row {name} is set aside", "`almoner quarantine list` gives examples")


def retry(
    connection: db.Connection, configured: Settings, source: str | None, release: int
) -> list[Retried]:
    """Judge again what could not land: databases are read in full, rows of files as they are.

    Raises `ConfigError` for a source of which no row is set aside.
    """
    asides = [each for each in _asides(connection) if source in (None, each.source)]
    if source and not asides:
        raise ConfigError(
            f"no row of source {source} could not land", "`almoner quarantine list` shows them"
        )
    for aside in asides:
        if aside.is_filed:
            with connection.transaction():
                load.again(Job(connection, aside.source, aside.table, release))
        else:
            # in full, as it is read while rows of it are set aside
            landing.forget(connection, aside.source, aside.table)
    read = {aside.source for aside in asides if not aside.is_filed}
    sources = {name: each for name, each in configured.sources.items() if name in read}
    sync.sync(connection, configured.model_copy(update={"sources": sources}), release)
    return [_retried(connection, aside) for aside in asides]


def _asides(connection: db.Connection) -> list[_Aside]:
    tables = {
        quarantine.entity(table): table
        for contract in contracts.load_all()
        for table in contract.tables
    }
    return [
        _Aside(row["source_id"], tables[row["entity"]], row["size"], row["is_filed"])
        for row in db.rows(connection, db.script("quarantine_tables"))
        if row["entity"] in tables
    ]


def _retried(connection: db.Connection, aside: _Aside) -> Retried:
    still = quarantine.held(connection, aside.source).get(quarantine.entity(aside.table), 0)
    mended = max(aside.rows - still, 0)
    return Retried(aside.source, aside.table.source_name, aside.rows, mended, still)


def _staged(connection: db.Connection) -> sql.Composable:
    """Name the rows that staging set aside, as of the last published release."""
    known = db.one(connection, "select to_regclass('store.fct_quarantined_rows') as place")
    newest = releases.last_published(connection)
    if known["place"] is None or newest is None:
        return NOTHING
    return STAGED.format(sql.Literal(newest))
