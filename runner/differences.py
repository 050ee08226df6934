"""Differences: every figure of the marts that moved between two releases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from runner import access, db, marts, releases
from runner.errors import ConfigError
from runner.marts import Mart


@dataclass(frozen=True)
class Request:
    """Which two releases to compare; one mart or tenant of them, or all.

    `as_of` is the day of marts that hold for a day; without it, the last one with data at both.
    """

    before: int
    after: int
    mart: str | None = None
    tenant: str | None = None
    as_of: date | None = None


@dataclass(frozen=True)
class Figure:
    """A figure that moved. A row that one release lacks has nothing there."""

    mart: str
    tenant: str
    key: dict[str, str | None]
    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class _Span:
    """What a tenant reads at the two releases: others where it was held."""

    tenant: str
    before: int | None
    after: int | None
    day: date | None


def moved(connection: db.Connection, request: Request) -> Iterator[Figure]:
    """Stream the figures that moved, by mart, tenant and key.

    Only tenants with a row that came or went between are looked at. Raises `ConfigError` for
    releases that cannot be compared and for names that are unknown.
    """
    _require_comparable(connection, request)
    every = marts.listing(connection)
    chosen = [marts.find(connection, request.mart)] if request.mart else every
    spans = _spans(connection, request)
    changed = _changed(connection, spans)
    reads = _tables_of(every)
    for mart in chosen:
        for span in spans:
            if changed.get(span.tenant, set()) & reads[mart.name]:
                yield from _of_mart(connection, mart, span, request)


def redefined(connection: db.Connection, request: Request) -> list[str]:
    """List the marts whose select changed between; both sides are shown by today's."""
    parameters = {"before": request.before, "after": request.after}
    return [row["mart"] for row in connection.execute(db.script("redefined_marts"), parameters)]


def _require_comparable(connection: db.Connection, request: Request) -> None:
    for number in (request.before, request.after):
        found = releases.find(connection, number)
        if found["state"] != "published":
            raise ConfigError(
                f"release {number} was never published",
                "`almoner releases list` shows the published ones",
            )
        releases.require_kept(found)
    if request.before >= request.after:
        raise ConfigError(
            f"release {request.before} is not before release {request.after}",
            f"`almoner releases diff {request.after} {request.before}`",
        )
    read = releases.last_read(connection)
    if read is not None and read < request.after:
        raise ConfigError(
            f"tenants read release {read}, so release {request.after} is not shown",
            f"`almoner releases rollback --to {request.after}` takes them there",
        )


def _spans(connection: db.Connection, request: Request) -> list[_Span]:
    """Give the tenants that read something else at one release than at the other."""
    if request.tenant is not None:
        access.require_tenant(connection, request.tenant)
    tenants = [request.tenant] if request.tenant is not None else _tenants(connection)
    spans = [_span(connection, tenant, request) for tenant in tenants]
    return [span for span in spans if span.before != span.after]


def _tenants(connection: db.Connection) -> list[str]:
    found = db.rows(connection, "select tenant_id from almoner.pointers order by tenant_id")
    return [row["tenant_id"] for row in found]


def _span(connection: db.Connection, tenant: str, request: Request) -> _Span:
    with connection.transaction():
        before = releases.read_as(connection, tenant, request.before)
        days = [_last_day(connection)]
        after = releases.read_as(connection, tenant, request.after)
        days.append(_last_day(connection))
    known = [day for day in days if day]
    return _Span(tenant, before, after, request.as_of or (min(known) if known else None))


def _last_day(connection: db.Connection) -> date | None:
    row = db.one(connection, "select max(last_data_date) as day from pub.reporting_periods")
    day: date | None = row["day"]
    return day


def _changed(connection: db.Connection, spans: list[_Span]) -> dict[str, set[str]]:
    """Give the released tables in which each tenant's rows changed."""
    changed: dict[str, set[str]] = {}
    if not spans:
        return changed
    names = {
        "tenants": sql.Literal([span.tenant for span in spans]),
        "before": sql.Literal(min(span.before or 0 for span in spans)),
        "after": sql.Literal(max(span.after or 0 for span in spans)),
    }
    for table in db.rows(connection, db.script("tables_of_store")):
        query = sql.SQL(db.script("changed_tenants")).format(
            store=sql.Identifier("store", table["name"]), **names
        )
        for row in connection.execute(query):
            changed.setdefault(row["tenant_id"], set()).add(table["name"])
    return changed


def _tables_of(every: list[Mart]) -> dict[str, set[str]]:
    """Give the released tables that each mart reads, through other marts too."""
    by_name = {mart.name: mart for mart in every}

    def tables(name: str) -> set[str]:
        if name not in by_name:
            return {name}
        return set().union(*(tables(read) for read in by_name[name].reads))

    return {name: tables(name) for name in by_name}


def _of_mart(
    connection: db.Connection, mart: Mart, span: _Span, request: Request
) -> Iterator[Figure]:
    """Compare one tenant's rows of a mart: those of before, kept aside, with those of after."""
    parts = _parts(mart, span)
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        connection.execute(db.script("same_bytes"))
        releases.read_as(connection, span.tenant, request.before)
        connection.execute(sql.SQL(db.script("figures_before")).format(**parts))
        releases.read_as(connection, span.tenant, request.after)
        with connection.cursor("figures") as cursor:
            cursor.itersize = 2000
            cursor.execute(sql.SQL(db.script("figures_moved")).format(**parts))
            for row in cursor:
                yield Figure(
                    mart=mart.name,
                    tenant=span.tenant,
                    key=dict(zip(mart.grain, row["row_key"], strict=True)),
                    column=row["name"],
                    before=row["before"],
                    after=row["after"],
                )


def _parts(mart: Mart, span: _Span) -> dict[str, sql.Composable]:
    """Give the names that the two scripts are written with."""
    figures = [each.name for each in mart.columns if each.name not in mart.grain]
    condition: sql.Composable = sql.SQL("true")
    if mart.date_column == "as_of_date":
        condition = sql.SQL("mar.as_of_date = {}").format(sql.Literal(span.day))
    texts = {column.name for column in mart.columns if column.is_text}
    return {
        "mart": sql.Identifier("marts", mart.name),
        "condition": condition,
        "key": _joined("mar.{0}::text", mart.grain),
        "figures": _compared(figures or list(mart.grain[-1:])),
        "order": sql.SQL(", ").join(
            sql.SQL(
                'coalesce(bef.{0}, aft.{0}) collate "C"'
                if name in texts
                else "coalesce(bef.{0}, aft.{0})"
            ).format(sql.Identifier(name))
            for name in mart.grain
        ),
    }


def _compared(names: list[str]) -> sql.Composed:
    """Compare columns; the first also tells of a row without figures that came or went."""
    moved = sql.SQL("bef.{0} is distinct from aft.{0}")
    is_bare = sql.SQL(
        " or ((bef.row_key is null or aft.row_key is null) and num_nonnulls({}, {}) = 0)"
    ).format(_joined("bef.{0}", tuple(names)), _joined("aft.{0}", tuple(names)))
    return sql.SQL(", ").join(
        sql.SQL("({}, {}, bef.{column}::text, aft.{column}::text, {}{})").format(
            sql.Literal(position),
            sql.Literal(name),
            moved.format(sql.Identifier(name)),
            sql.SQL("") if position else is_bare,
            column=sql.Identifier(name),
        )
        for position, name in enumerate(names)
    )


def _joined(template: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.SQL(template).format(sql.Identifier(name)) for name in names)
