"""A build whose audit fails: what it computed is visible in no way."""

from __future__ import annotations

import psycopg
from psycopg import sql

from bench.reliability import ground as grounds
from bench.reliability.ground import Ground
from bench.reliability.measured import Measured, Tally

PLANT = """
create temporary table copied on commit drop as
select * from store.fct_postings where tenant_id = %s limit 1;
update copied set released_in = 0;
insert into store.fct_postings select * from copied
"""


def run(ground: Ground, size: int, seed: int) -> Measured:
    """Plant `size` faults, build, and read all that a BI login can name, before and after."""
    tally = Tally("failed audits", "builds that failed an audit", seed)
    for _ in range(size):
        _round(ground, tally)
    return tally.measured(size)


def _round(ground: Ground, tally: Tally) -> None:
    ground.renew()
    with psycopg.connect(ground.target) as connection:
        statement = psycopg.ClientCursor(connection).mogrify(PLANT, (grounds.TENANT,))
        connection.execute(statement.encode())
    before = readable(ground.login, ground.target)
    answer = ground.runners.start(full=True).wait()
    is_found = "error" in answer or grounds.TENANT in answer["held"]
    tally.expect(is_found, f"no audit found it: {answer}")
    after = readable(ground.login, ground.target)
    shown = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    tally.expect(not shown, f"a BI login sees a difference in {sorted(shown)}")
    tally.most("relations tried", len(before))
    open_to_it = sum(not digest.startswith("refused") for digest in before.values())
    tally.most("relations that a BI login can read", open_to_it)


def readable(login: str, owner: str) -> dict[str, str]:
    """Give what a login reads of every relation of the database, or that it is refused.

    What holds for each day that there is, is read for a few. Temporary tables are those of a
    session that is about to go: PostgreSQL lets no other one read them.
    """
    with psycopg.connect(owner) as connection:
        found = connection.execute(
            "select nspname, relname, exists (select from pg_attribute where attrelid = rel.oid"
            " and attname = 'as_of_date') from pg_class as rel join pg_namespace as nsp"
            " on nsp.oid = relnamespace where relkind in ('r', 'p', 'v', 'm', 'f')"
            " and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
            " and relpersistence <> 't'"
        ).fetchall()
    with psycopg.connect(login, autocommit=True) as connection:
        return {
            f"{schema}.{name}": _read(connection, sql.Identifier(schema, name), is_as_of)
            for schema, name, is_as_of in found
        }


def _read(
    connection: psycopg.Connection[tuple[str]], relation: sql.Identifier, is_as_of: bool
) -> str:
    query = sql.SQL(
        "select md5(string_agg(rel::text, ' ' order by rel::text)) from {} as rel where {}"
    ).format(
        relation,
        grounds.on_few_days(sql.Identifier("rel")) if is_as_of else sql.SQL("true"),
    )
    try:
        return str(connection.execute(query).fetchone())
    except psycopg.Error as error:
        return f"refused: {error.sqlstate}"
