"""Small releases, then pruning: kept releases row for row, and the size of a fresh build."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally
from runner import build, db, releases, retention
from runner.demo import generator
from runner.progress import Silent
from runner.settings import Retention, Settings, Source

# what is kept below: of releases made in one go, age and month say nothing
KEPT = 3
POLICY = Retention(releases=KEPT, days=0, month_ends=0)
Rows = dict[tuple[int, str], str]


@dataclass(frozen=True)
class Sizes:
    """Bytes of the released tables with their indexes, and of the database."""

    store: int
    database: int

    def per(self, other: Sizes) -> tuple[float, float]:
        """Give both as a multiple of another's."""
        return self.store / other.store, self.database / other.database


@dataclass(frozen=True)
class Outcome:
    """How large it was after the releases and after pruning, and what pruning must not change.

    `moved` are the tables, with the release, whose rows are others than before.
    """

    grown: Sizes
    pruned: Sizes
    rows: int
    moved: list[tuple[int, str]]


def grow(builder: build.Builder, source: str, size: int, seed: int) -> None:
    """Make `size` small releases: a day with its edits, voids and late rows each."""
    for number in range(size):
        with db.connect(source) as connection:
            generator.live(connection, seed + number)
        builder.build(Silent())


def prune(target: str) -> Outcome:
    """Prune all but the newest releases; compare every row that the kept ones show."""
    with db.connect(target) as connection:
        releases.prepare(connection)
        with releases.builder(connection):
            grown = sizes(connection)
            kept = retention.prune(connection, POLICY, is_trial=True).kept
            numbers = [release.release_id for release in kept]
            before = rows(connection, numbers)
            gone = retention.prune(connection, POLICY)
            after = rows(connection, numbers)
            moved = sorted(each for each in before if before[each] != after[each])
            return Outcome(grown, sizes(connection), sum(t.rows for t in gone.tables), moved)


def rows(connection: db.Connection, numbers: list[int]) -> Rows:
    """Digest the rows of each released table that each release shows."""
    found: Rows = {}
    for table in db.rows(connection, db.script("tables_of_store")):
        for number in numbers:
            query = sql.SQL(
                "select count(*) || ' ' || coalesce(sum(hashtextextended("
                "(to_jsonb(sto) - 'retired_in')::text, 0)::numeric), 0) as digest"
                " from {} as sto where released_in <= {release} and retired_in > {release}"
            ).format(sql.Identifier("store", table["name"]), release=sql.Literal(number))
            found[number, table["name"]] = db.one(connection, query.as_string())["digest"]
    return found


def sizes(connection: db.Connection) -> Sizes:
    """Measure the released tables and the database."""
    row = db.one(
        connection,
        "select sum(pg_total_relation_size(oid))::bigint as store,"
        " pg_database_size(current_database()) as database"
        " from pg_class where relnamespace = 'store'::regnamespace and relkind = 'r'",
    )
    return Sizes(int(row["store"]), int(row["database"]))


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Make `size` small releases, prune them; compare kept rows, and sizes with a fresh build."""
    tally = Tally("pruned", "small releases, then pruned", seed)
    source, target, fresh = (
        grounds.create(ground.running, f"proof_{name}", template)
        for name, template in (
            ("grown", grounds.name_of(ground.source)),
            ("small", grounds.name_of(ground.published)),
            ("fresh", "template1"),
        )
    )
    outcome, compared = measure(source, target, fresh, size, seed)
    tally.expect(not outcome.moved, f"a kept release has moved: {outcome.moved}")
    tally.count("rows pruned", outcome.rows)
    for name, sizes_then in (("before", outcome.grown), ("after", outcome.pruned)):
        store, database = sizes_then.per(compared)
        tally.most(f"× a fresh build's released tables {name} pruning", store)
        tally.most(f"× its database {name} pruning", database)
    return tally.measured(size)


def measure(source: str, target: str, fresh: str, size: int, seed: int) -> tuple[Outcome, Sizes]:
    """Build, make `size` releases more and prune them; and build the same from nothing."""
    settings = Settings(
        sources={"demo": Source(system="hms", dsn=source)}, deletion_limit_percent=100
    )
    builder = build.Builder(settings, target)
    builder.build(Silent())
    grow(builder, source, size, seed)
    outcome = prune(target)
    build.Builder(settings, fresh).build(Silent())
    with db.connect(fresh) as connection:
        return outcome, sizes(connection)
