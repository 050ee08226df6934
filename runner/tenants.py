"""Tenants: list them, let one in again, and remove one with every row of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import DictRow

from runner import access, contracts, db, raw
from runner.errors import ConfigError, DatabaseError
from runner.settings import Settings


@dataclass(frozen=True)
class Place:
    """A table and the column that says whose its rows are: `tenant_id`, else `source_id`."""

    schema: str
    table: str
    column: str

    @property
    def relation(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.table)


@dataclass(frozen=True)
class Removal:
    """What a removal erased, by schema, and the rows of a shared source that no tenant owns."""

    tenant: str
    logins: list[str]
    erased: dict[str, int]
    left: dict[str, int]
    shared: dict[str, int]


def source_of(tenant: str) -> str:
    """Give the source of a tenant: no source's name has a `_`."""
    return tenant.partition("_")[0]


def listing(connection: db.Connection) -> list[DictRow]:
    """List the tenants, removed ones too."""
    built = db.one(connection, "select to_regclass('core.fct_postings') is not null as yes")["yes"]
    script = sql.SQL(db.script("tenants")).format(
        tenants=sql.SQL("core.dim_tenants" if built else NO_TENANTS),
        postings=sql.SQL("core.fct_postings" if built else NO_TENANTS),
    )
    return db.rows(connection, script.as_string())


NO_TENANTS = "(select null::text as tenant_id, null::text as tenant_name limit 0) as nobody"


def skipped(connection: db.Connection) -> list[DictRow]:
    """Count, by source, the rows that the last sync left there."""
    return db.rows(
        connection,
        "select source_id, sum(rows_skipped)::bigint as rows_skipped from almoner.watermarks"
        " group by source_id having sum(rows_skipped) > 0 order by source_id",
    )


def add(connection: db.Connection, configured: Settings, tenant: str) -> bool:
    """Let a removed tenant land again with the next build; tell whether it was removed.

    Raises `ConfigError` if no configured source can bring it.
    """
    name, _, key = tenant.partition("_")
    source = configured.sources.get(name)
    if source is None:
        raise ConfigError(
            f"no source brings {tenant}: {name} is not in almoner.yml",
            "name it under sources, then run `almoner build`",
        )
    if source.tenants is not None and key not in source.tenants:
        raise ConfigError(
            f"almoner.yml lists the tenants of {name}, and not {key}",
            f"add {key!r} to sources.{name}.tenants, then run `almoner build`",
        )
    found = connection.execute(
        "delete from almoner.removed_tenants where tenant_id = %s", (tenant,)
    )
    return bool(found.rowcount)


def require(connection: db.Connection, tenant: str) -> None:
    """Raise `ConfigError` for a tenant that never was."""
    if not _is_known(connection, tenant):
        raise ConfigError(f"there is no tenant {tenant}", "`almoner tenant list` shows them")


def remove(connection: db.Connection, tenant: str) -> Removal:
    """Erase a tenant: its logins, its pointer and its rows of every release; it lands no more.

    What a source shares among its tenants goes with the last of them. Raises `ConfigError` for
    an unknown tenant, `DatabaseError` if a row of it were left.
    """
    require(connection, tenant)
    logins = _end_logins(connection, tenant)
    places = _places(connection)
    with connection.transaction():
        connection.execute(
            "insert into almoner.removed_tenants (tenant_id, source_id) values (%s, %s)"
            " on conflict do nothing",
            (tenant, source_of(tenant)),
        )
        is_last = not _has_others(connection, tenant)
        erased = {
            place: connection.execute(
                sql.SQL("delete from {} where {}").format(
                    place.relation, _is_of(place, tenant, is_last)
                )
            ).rowcount
            for place in places
        }
        left = {place: _count(connection, place, tenant, is_last) for place in places}
        if any(left.values()):
            raise DatabaseError(
                f"rows of {tenant} came back while it was removed",
                f"run `almoner tenant remove {tenant}` again",
            )
    for place, rows in erased.items():
        if rows:
            connection.execute(sql.SQL("vacuum {}").format(place.relation))
    return Removal(
        tenant,
        logins,
        _by_schema(erased),
        _by_schema(left),
        {} if is_last else _shared(connection, places, tenant),
    )


def _end_logins(connection: db.Connection, tenant: str) -> list[str]:
    logins = [
        str(row["role_name"])
        for row in db.rows(
            connection, "select role_name from almoner.readers where tenant_id = %s", tenant
        )
    ]
    for login in logins:
        access.revoke(connection, login)
    return logins


def _places(connection: db.Connection) -> list[Place]:
    return [
        Place(row["schema_name"], row["table_name"], row["owner_column"])
        for row in db.rows(connection, db.script("tables_of_rows"))
    ]


def _owners() -> list[sql.Identifier]:
    """Name the raw tables that have a row per tenant."""
    tables = [table for contract in contracts.load_all() for table in contract.tables]
    return [raw.relation(table) for table in tables if table.tenant in table.key]


def _exists(connection: db.Connection, where: sql.Composable) -> bool:
    return any(
        db.one(
            connection,
            sql.SQL("select exists (select from {} where {}) as yes")
            .format(owner, where)
            .as_string(),
        )["yes"]
        for owner in _owners()
    )


def _is_known(connection: db.Connection, tenant: str) -> bool:
    pointer = db.rows(
        connection, "select from almoner.pointers where tenant_id = %s", tenant
    ) + db.rows(connection, "select from almoner.removed_tenants where tenant_id = %s", tenant)
    mine = sql.SQL("tenant_id = {}").format(sql.Literal(tenant))
    return bool(pointer) or _exists(connection, mine)


def _has_others(connection: db.Connection, tenant: str) -> bool:
    others = sql.SQL("source_id = {} and tenant_id <> {}").format(
        sql.Literal(source_of(tenant)), sql.Literal(tenant)
    )
    return _exists(connection, others)


def _is_of(place: Place, tenant: str, is_last: bool) -> sql.Composable:
    """Say which rows of a table go; those of a source without a tenant with its last one."""
    mine = sql.SQL("tenant_id = {}").format(sql.Literal(tenant))
    of_source = sql.SQL("source_id = {}").format(sql.Literal(source_of(tenant)))
    if place.column == "tenant_id":
        return mine
    return of_source if is_last else sql.SQL("false")


def _count(connection: db.Connection, place: Place, tenant: str, is_last: bool) -> int:
    query = sql.SQL("select count(*) as size from {} where {}").format(
        place.relation, _is_of(place, tenant, is_last)
    )
    return int(db.one(connection, query.as_string())["size"])


def _shared(connection: db.Connection, places: list[Place], tenant: str) -> dict[str, int]:
    """Count what the source's other tenants still need: tables whose rows name no tenant."""
    return {
        f"{place.schema}.{place.table}": size
        for place in places
        if place.column == "source_id" and place.schema.startswith("raw_")
        if (size := _count(connection, place, tenant, True))
    }


def _by_schema(rows: dict[Place, int]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for place, size in rows.items():
        counted[place.schema] += size
    return dict(counted)
