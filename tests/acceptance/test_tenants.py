"""A tenant is removed with every row of it, and no other tenant notices."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from runner import db, landing_only, tenants
from runner.errors import ConfigError
from runner.settings import Settings, Source
from tests.acceptance.conftest import Installation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

GONE = "demo_1"


def _rows(installation: Installation) -> dict[str, list[tuple[Any, ...]]]:
    """Give the rows of every table, those of the control tables without the watermarks."""
    with psycopg.connect(installation.target) as connection:
        tables = connection.execute(
            "select nsp.nspname, cls.relname from pg_class as cls"
            " inner join pg_namespace as nsp on cls.relnamespace = nsp.oid"
            " where cls.relkind in ('r', 'p') and not cls.relispartition"
            " and nsp.nspname not in ('pg_catalog', 'information_schema', 'work')"
            " and cls.relname not in ('watermarks', 'removed_tenants')"
        ).fetchall()
        return {
            ".".join(table): sorted(
                connection.execute(sql.SQL("select * from {}").format(sql.Identifier(*table))),
                key=repr,
            )
            for table in tables
        }


def _without(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [row for row in found if GONE not in row] for name, found in rows.items()}


def _rights(installation: Installation) -> list[tuple[Any, ...]]:
    with psycopg.connect(installation.target) as connection:
        return connection.execute(
            "select relnamespace::regnamespace::text, relname, relacl::text, reloptions::text"
            " from pg_class where relnamespace::regnamespace::text in ('marts', 'pub', 'store')"
            " and relkind in ('r', 'p', 'v') order by 1, 2"
        ).fetchall()


def test_a_removed_tenant_leaves_nothing_and_no_other_notices(installation: Installation) -> None:
    gone, stays = installation.login(GONE), installation.login("demo_2")
    before, rights = _rows(installation), _rights(installation)
    assert any(GONE in row for row in before["store.fct_postings"])
    with installation.connect() as connection:
        removal = tenants.remove(connection, GONE)
    assert sum(removal.erased.values()) > 1000
    assert not any(removal.left.values())
    after = _rows(installation)
    assert not any(GONE in repr(row) for found in after.values() for row in found)
    assert after == _without(before)
    assert _rights(installation) == rights
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(gone)
    with psycopg.connect(stays) as session:
        seen = session.execute(
            "select distinct tenant_id from ar_aging_debtors where as_of_date = '2026-10-31'"
        ).fetchall()
    assert seen == [("demo_2",)]
    _assert_it_lands_no_more(installation, after)


def _assert_it_lands_no_more(
    installation: Installation, after: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert installation.build().release is None
    installation.live(1)
    installation.run("update hms.patients set gender = 'other' where hospital_id = 1")
    assert installation.build().release is not None
    assert not any(GONE in repr(row) for found in _rows(installation).values() for row in found)
    with installation.connect() as connection:
        (left,) = tenants.skipped(connection)
        assert left["rows_skipped"] > 1000
        assert tenants.add(connection, installation.settings, GONE)
    assert installation.build().release is not None
    assert installation.tenants() == ["demo_1", "demo_2", "demo_3"]
    postings = {row[0] for row in _rows(installation)["store.fct_postings"]}
    assert postings == set(installation.tenants())
    assert after["store.dim_tenants"]


def test_the_last_tenant_takes_what_its_source_shares(installation: Installation) -> None:
    with installation.connect() as connection:
        for tenant in installation.tenants():
            tenants.remove(connection, tenant)
        held = db.one(connection, "select count(*) as size from almoner.watermarks")
    assert held["size"] == 0
    assert not any("demo" in repr(row) for found in _rows(installation).values() for row in found)


def test_a_source_lands_the_tenants_that_are_listed(
    demo: Installation, databases: Databases
) -> None:
    only = Source(system="hms", dsn=demo.source, tenants=("2",))
    configured = Settings(sources={"demo": only})
    target = databases.create()
    landings = landing_only.from_sources(configured, target, accept_deletions=False)
    assert sum(landing.landed for landing in landings) > 1000
    assert sum(landing.skipped for landing in landings) > 1000
    with psycopg.connect(target) as connection:
        for table in ("hospitals", "invoices", "payments"):
            query = sql.SQL("select distinct tenant_id from {}").format(
                sql.Identifier("raw_hms", table)
            )
            assert connection.execute(query).fetchall() == [("demo_2",)]


def test_only_what_can_land_is_added_or_removed(demo: Installation) -> None:
    only = Source(system="hms", dsn=demo.source, tenants=("2",))
    configured = Settings(sources={"demo": only})
    with demo.connect() as connection:
        with pytest.raises(ConfigError, match="lists the tenants"):
            tenants.add(connection, configured, "demo_1")
        with pytest.raises(ConfigError, match="other is not in"):
            tenants.add(connection, configured, "other_1")
        with pytest.raises(ConfigError, match="no tenant demo_9"):
            tenants.remove(connection, "demo_9")
        assert not tenants.add(connection, configured, "demo_2")
