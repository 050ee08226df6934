"""The ground of all measurements: an operational database and the database that reports on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import click
import psycopg
from psycopg import sql

from bench.built import Built, Noted
from bench.measured import seconds
from bench.places import Place
from bench.plain import Plain, PlainJournal
from bench.volumes import Volume
from runner import access, build, db, releases, roles
from runner.demo import generator
from runner.settings import Settings, Source


@dataclass(frozen=True)
class Ground:
    """A source and a target on one server. What is measured once is measured at first use."""

    place: Place
    name: str
    source: str
    volume: Volume

    @cached_property
    def rows(self) -> dict[str, int]:
        """Count the rows of the source."""
        with psycopg.connect(self.source) as connection:
            names = connection.execute(
                "select tablename from pg_tables where schemaname = 'hms'"
            ).fetchall()
            counted = {name: _count(connection, name) for (name,) in names}
        kept = {name: counted[name] for name in ("invoices", "invoice_items", "payments")}
        return {**kept, "all tables": sum(counted.values())}

    @cached_property
    def plain(self) -> Plain:
        """What plain PostgreSQL needs."""
        return Plain(self.source)

    @cached_property
    def journal(self) -> PlainJournal:
        """What plain PostgreSQL needs to whom the postings of the first build are given."""
        return PlainJournal(self.ready().target)

    @cached_property
    def target(self) -> str:
        """The database that reports on the source, with nothing built yet."""
        return self.place.create(self.name)

    @property
    def settings(self) -> Settings:
        """What `almoner.yml` would say."""
        return Settings(
            database=self.target,
            sources={"demo": Source(system="hms", dsn=self.source)},
            deletion_limit_percent=100,
        )

    @cached_property
    def builder(self) -> build.Builder:
        """The process that keeps dbt's manifest."""
        return build.Builder(self.settings, self.target)

    @cached_property
    def first(self) -> Built:
        """The first build."""
        made = self._build()
        with psycopg.connect(self.target, autocommit=True) as connection:
            connection.execute("vacuum analyze")
        return made

    def ready(self) -> Ground:
        """Build the first release, unless that was done."""
        if self.first.outcome.release is None:
            raise ValueError(f"{self.name}: the first build published nothing")
        return self

    def build(self) -> Built:
        """Build upon the first release."""
        return self.ready()._build()

    def _build(self) -> Built:
        noted = Noted()
        outcomes: list[build.Outcome] = []
        took = seconds(lambda: outcomes.append(self.builder.build(noted)))
        made = Built(outcomes[0], took, noted.nodes)
        click.echo(f"  build of {self.name}: {took:.2f} s ({made.stages})")
        return made

    def live(self, seed: int, *, is_calm: bool) -> None:
        """Let a day pass in the source."""
        with db.connect(self.source) as connection:
            generator.live(connection, seed, is_calm=is_calm)

    def run(self, script: str, *parameters: object) -> int:
        """Run a script of this folder in the source; give the rows that it touched."""
        with psycopg.connect(self.source, autocommit=True) as connection:
            return connection.execute(text(script), parameters or None).rowcount

    def columns(self, mart: str) -> list[tuple[str, str]]:
        """Give a mart's columns with their types."""
        with psycopg.connect(self.ready().target) as connection:
            return connection.execute(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute"
                " where attrelid = ('marts.' || %s)::regclass and attnum > 0 order by attnum",
                (mart,),
            ).fetchall()

    @contextmanager
    def login(self, tenant: str | None, role: roles.Role = roles.ADMINISTRATOR) -> Iterator[str]:
        """Give the URL of a BI login for a tenant, or of a group reader, for a while."""
        with db.connect(self.ready().target) as connection:
            releases.prepare(connection)
            made = access.grant(connection, self.target, tenant, None, role)
            try:
                yield made.dsn
            finally:
                access.revoke(connection, made.login)


def text(script: str) -> bytes:
    """Load `bench/<script>.sql`."""
    return resources.files("bench").joinpath(f"{script}.sql").read_bytes()


def generated(place: Place, name: str, volume: Volume) -> Ground:
    """Generate an operational database."""
    source = place.create(f"{name}_source")
    click.echo(f"generating {volume}")
    with db.connect(source) as connection:
        generator.generate(
            connection, volume.tenants, volume.days, volume.visits_per_day, volume.end, 1
        )
    return Ground(place, name, _vacuumed(source), volume)


def copied(place: Place, name: str, database: str) -> Ground:
    """Copy an operational database that is there."""
    source = place.create(f"{name}_source", database)
    with psycopg.connect(source) as connection:
        row = connection.execute(text("volume")).fetchone()
    assert row is not None
    return Ground(place, name, _vacuumed(source), Volume(*row))


def dropped(ground: Ground) -> None:
    """Take both databases away."""
    for name in (ground.name, f"{ground.name}_source"):
        ground.place.drop(name)


def _vacuumed(source: str) -> str:
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return source


def _count(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    query = sql.SQL("select count(*) from hms.{}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]
