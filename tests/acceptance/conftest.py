"""A small published demo hospital group, built once; each test gets copies of its databases."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import access, build, db, landing_only, marts, project, releases, server, targets
from runner.demo import generator
from runner.demo import targets as demo_targets
from runner.progress import Silent
from runner.settings import Settings, Source
from tests.acceptance.edited import Edited
from tests.conftest import Databases, Running

END = date(2026, 10, 31)
# marts that a clean source leaves empty, and those that people fill
EXCEPTIONS = {
    "set_aside_rows", "excessive_write_offs", "restated_postings", "restatements",
    "invoice_total_differences",
}  # fmt: skip
# marts of each kind, for what must not have changed anything
FEW = (
    "dept_revenue_daily", "transaction_detail", "ar_aging", "current_stock", "daily_stats",
    "set_aside_rows",
)  # fmt: skip
DAYS = (date(2026, 9, 30), date(2026, 10, 15), END, date(2026, 11, 15))


Published = dict[str, list[tuple[Any, ...]]]


@dataclass
class Installation:
    """An operational database and the installation that reports on it."""

    source: str
    target: str
    system: str = "hms"
    name: str = "demo"
    _builder: build.Builder | None = None
    _is_prepared: bool = False

    @property
    def settings(self) -> Settings:
        return Settings(sources={self.name: Source(system=self.system, dsn=self.source)})

    @property
    def builder(self) -> build.Builder:
        """The process that keeps dbt's manifest."""
        if self._builder is None:
            self._builder = build.Builder(self.settings, self.target)
        return self._builder

    def build(self, **options: bool) -> build.Outcome:
        """Make a release."""
        return self.builder.build(Silent(), build.Options(**options))

    def recomputed(self) -> list[str]:
        """Compute every released model as a whole; name those that came out different (T3)."""
        with self.connect() as connection:
            connection.execute("delete from almoner.project_files")
            connection.execute(
                "update almoner.model_builds set definition = 'another' where model in"
                " (select relname from pg_class where relnamespace = 'store'::regnamespace)"
            )
        outcome = self.build()
        assert outcome.nodes > 30
        with self.connect() as connection:
            found = db.rows(
                connection,
                "select feed from almoner.feed_log where release_id = %s order by feed",
                outcome.release,
            )
        return [row["feed"] for row in found]

    def live(self, seed: int) -> dict[str, int]:
        """Make the next day happen in the operational database."""
        with db.connect(self.source) as connection:
            return generator.live(connection, seed)

    def run(self, statement: str) -> None:
        """Change the operational database."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        with db.connect(self.target) as connection:
            if not self._is_prepared:
                releases.prepare(connection)
                self._is_prepared = True
            yield connection

    def from_nothing(self, databases: Databases) -> Installation:
        """Build the same, of the sources and of what was told, in a database of its own."""
        made = Installation(self.source, databases.create(), self.system, self.name)
        with self.connect() as connection:
            told = [targets.of(row) for row in targets.listing(connection)]
        landing_only.set_targets(made.target, told)
        made.build()
        return made

    def copied(self, databases: Databases) -> Installation:
        """Copy both databases."""
        names = [str(conninfo_to_dict(url)["dbname"]) for url in (self.source, self.target)]
        return Installation(*map(databases.create, names), self.system, self.name)

    def tenants(self) -> list[str]:
        with self.connect() as connection:
            return [
                row["tenant_id"]
                for row in db.rows(
                    connection, "select tenant_id from almoner.pointers order by tenant_id"
                )
            ]

    def login(self, tenant: str) -> str:
        """Make a BI login for a tenant and give its URL."""
        with self.connect() as connection:
            return access.grant(connection, self.target, tenant, None).dsn

    def shows(self, rows: Published) -> bool:
        """Tell whether tenants read these rows, as far as a few marts can tell."""
        return self.published(only=FEW) == {name: rows[name] for name in FEW}

    def published(
        self,
        *,
        only: Collection[str] = (),
        tenant: str = "",
        days: tuple[date, ...] = DAYS,
        without: str = "",
    ) -> Published:
        """Give every row of every mart that each tenant reads, in a fixed order.

        Marts that hold for a day are read as of `days`. One column can be left out.
        """
        found: Published = {}
        # each query is planned once, not once for each tenant
        with psycopg.connect(self.target, prepare_threshold=0) as connection:
            access.begin(connection)
            marts = [mart for mart in self.marts() if not only or mart.name in only]
            for reader in [tenant] if tenant else self.tenants():
                connection.execute("select set_config('almoner.tenant', %s, false)", (reader,))
                for mart in marts:
                    columns = [each.name for each in mart.columns if each.name != without]
                    query = sql.SQL("select {} from {}").format(
                        sql.SQL(", ").join(map(sql.Identifier, columns)),
                        sql.Identifier("marts", mart.name),
                    )
                    if mart.date_column == "as_of_date":
                        query += sql.SQL(" where as_of_date = any({})").format(
                            sql.Literal(list(days))
                        )
                    rows = connection.execute(query).fetchall()
                    found.setdefault(mart.name, []).extend(sorted(rows, key=repr))
        return found

    def strange_postings(self) -> list[tuple[Any, ...]]:
        """Give postings of an event that no seed knows, or without an amount (R1)."""
        with psycopg.connect(self.target) as connection:
            return connection.execute(
                "select document_type, event_type, amount, count(*)"
                " from store.fct_postings left join seeds.event_types as known"
                " using (document_type, event_type)"
                " where known.event_type is null"
                " or (amount <= 0 and event_type <> 'exchange_difference')"
                " group by document_type, event_type, amount"
            ).fetchall()

    def marts(self) -> list[marts.Mart]:
        with self.connect() as connection:
            return marts.listing(connection)


@pytest.fixture(scope="session")
def demo(session_databases: Databases) -> Installation:
    """Build the first release of a small demo; do not change it, take `installation`."""
    return published(session_databases)


@cache
def published(session_databases: Databases) -> Installation:
    """Build the demo once, whichever folder's tests ask first."""
    made = Installation(session_databases.create(), session_databases.create())
    with db.connect(made.source) as connection:
        generator.generate(connection, 3, 60, 8, END, 7)
        planned = demo_targets.plan(connection, made.name, 60, END)
    with landing_only.builder(made.target) as connection:
        demo_targets.tell(connection, made.name, planned)
    outcome = made.build()
    assert outcome.release is not None
    return made


@pytest.fixture(scope="session")
def shown(demo: Installation) -> Published:
    """Give what each tenant reads of the demo, and of every copy before it is changed."""
    return demo.published()


@pytest.fixture
def installation(demo: Installation, databases: Databases) -> Installation:
    """Give copies of the demo's two databases."""
    return demo.copied(databases)


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch) -> Edited:
    """Give a copy of the project, in place of the project.

    It is where the one before was: elsewhere dbt would parse everything anew.
    """
    made = Edited(Path(os.environ["ALMONER_STATE"]) / "edited")
    monkeypatch.setenv(project.VARIABLE, str(made.root))
    return made


def warnings(running: Running) -> list[str]:
    """Give what the embedded server has warned of so far."""
    lines = running.log.read_text().splitlines() if isinstance(running, server.Server) else []
    return [line for line in lines if "WARNING" in line]
