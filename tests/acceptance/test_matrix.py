"""Every relation × every kind of reader × older releases, exports too: no foreign row.

That the search would find one is tried on a copy in which locks were opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runner import exports, holds, marts, roles, tenants
from runner.errors import ConfigError
from tests.acceptance import matrix
from tests.acceptance.charges import CHARGES, publish
from tests.acceptance.conftest import END, EXCEPTIONS, Installation
from tests.acceptance.matrix import Found, Reader, Relation
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

FIRST, HELD, GONE = "demo_1", "demo_2", "demo_3"
RELEASES = ("", "1")


@pytest.fixture(scope="module")
def stage(demo: Installation, session_databases: Databases) -> Installation:
    """Give two releases, of which one tenant is held from the second."""
    made = demo.copied(session_databases)
    with made.connect() as connection:
        holds.hold(connection, HELD, "by this test")
    made.live(1)
    assert made.build().release == 2
    publish(made, "charges", CHARGES)
    return made


@pytest.fixture(scope="module")
def readers(stage: Installation) -> list[Reader]:
    return matrix.readers(stage)


@pytest.fixture(scope="module")
def found(stage: Installation, readers: list[Reader]) -> Found:
    return matrix.search(stage, readers, RELEASES)


@pytest.fixture
def copied(stage: Installation, readers: list[Reader], databases: Databases) -> Installation:
    """Give a copy with the same readers in it."""
    return Installation(
        stage.source, databases.create(str(conninfo_to_dict(stage.target)["dbname"]))
    )


def test_no_reader_finds_a_foreign_row_anywhere(
    stage: Installation, readers: list[Reader], found: Found
) -> None:
    assert found.faults == []
    logins, every = {reader.url for reader in readers}, matrix.relations(stage)
    urls = {str(reader): reader.url for reader in readers}
    seen = {(urls[reader], relation) for reader, relation, _ in found.seen}
    assert len(urls) == len(readers)
    assert len(found.refused) + len(seen) == len(logins) * len(every) > 5_000
    shown = found.of(f"administrator with names of {FIRST}")
    assert {name for name in shown if not shown[name].rows} <= {
        f"marts.{name}" for name in EXCEPTIONS
    }
    for name in ("department_head", "doctor"):
        some = found.of(f"{name} of {FIRST}")
        assert sum(seen.rows for seen in some.values()) > 0
        assert any(0 < some[mart].rows < shown[mart].rows for mart in some)


def test_every_role_and_place_is_among_them(stage: Installation, readers: list[Reader]) -> None:
    granted = {group for reader in readers for group in reader.login.groups}
    assert granted == {
        name for name in _names(stage, "select rolname from pg_roles where not rolcanlogin")
        if name in roles.POSTGRESQL and not name.endswith(("_gate", "_reader"))
    }  # fmt: skip
    assert granted == {
        f"almoner_{name}" for name in (*roles.ROLES, "api", "group", "patient_names")
    }
    assert {relation.schema for relation in matrix.relations(stage)} == _names(
        stage,
        "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema|public$)'",
    )


def _names(installation: Installation, query: str) -> set[str]:
    with psycopg.connect(installation.target) as connection:
        return {name for (name,) in connection.execute(query.encode())}


def test_a_tenants_readers_see_the_same_without_the_others(
    readers: list[Reader], found: Found, copied: Installation
) -> None:
    """A twin gives each row the reader's tenant: whose row it was, this tells."""
    with copied.connect() as connection:
        for tenant in (HELD, GONE):
            connection.execute("delete from almoner.readers where tenant_id = %s", (tenant,))
            tenants.remove(connection, tenant)
    alone = matrix.search(copied, _at(copied, _of(readers, FIRST)), RELEASES)
    assert alone.faults == []
    assert len(alone.seen) > 100
    assert matrix.moved(found, alone) == []


def _of(readers: list[Reader], tenant: str) -> list[Reader]:
    return [reader for reader in readers if reader.tenants == (tenant,)]


def _at(installation: Installation, readers: list[Reader]) -> list[Reader]:
    return [reader.at(installation.target) for reader in readers]


def test_a_group_reader_sees_what_its_tenants_administrators_see(found: Found) -> None:
    each = {tenant: found.of(f"administrator of {tenant}") for tenant in (FIRST, HELD, GONE)}
    for group in ((HELD, GONE), (FIRST, HELD, GONE)):
        seen = found.of(f"group of {', '.join(group)}")
        assert seen.keys() == {name.replace("marts.", "marts_group.") for name in each[FIRST]}
        for name, rows in seen.items():
            parts = [each[tenant][name.replace("marts_group.", "marts.")] for tenant in group]
            assert rows.digest == sum(part.digest for part in parts), name


def test_nobody_sees_what_a_tenant_is_held_from(
    stage: Installation, readers: list[Reader], found: Found
) -> None:
    with psycopg.connect(stage.target) as connection:
        kept = connection.execute(
            "select count(*) from store.fct_postings where tenant_id = %s and released_in = 2",
            (HELD,),
        ).fetchone()
    assert kept != (0,)
    asked = matrix.search(stage, _of(readers, HELD), ("2",))
    assert asked.faults == []
    for reader in map(str, _of(readers, HELD)):
        assert found.of(reader) == found.of(reader, "1") == asked.of(reader, "2"), reader
    # of others the second release does show something else
    administrator = f"administrator of {FIRST}"
    assert found.of(administrator) != found.of(administrator, "1")


def test_a_removed_tenants_rows_are_seen_by_nobody(
    readers: list[Reader], found: Found, copied: Installation
) -> None:
    mine = [reader for reader in readers if GONE in reader.tenants]
    with copied.connect() as connection:
        # their logins are of the other copy, too: here they lose what they had
        connection.execute("delete from almoner.readers where tenant_id = %s", (GONE,))
        tenants.remove(connection, GONE)
        with pytest.raises(ConfigError, match="no tenant"):
            exports.export(connection, exports.Request("open_receivables", GONE), io.BytesIO())
    left = [matrix.without(reader, GONE) for reader in _at(copied, mine)]
    after = matrix.search(copied, left)
    assert after.faults == []
    assert all(seen.rows for seen in found.of(f"department_head of {GONE}").values())
    assert {str(reader) for reader in left if reader.tenants} == {
        f"group of {HELD}", f"group of {FIRST}, {HELD}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tenant", "known_at"), [(FIRST, None), (FIRST, 1), (HELD, None), (GONE, None)], ids=repr
)
def test_an_export_has_the_tenants_rows_only(
    stage: Installation, found: Found, tenant: str, known_at: int | None
) -> None:
    seen = found.of(f"administrator of {tenant}", str(known_at or ""))
    with stage.connect() as connection:
        for mart in marts.listing(connection):
            rows = list(_exported(connection, mart, tenant, known_at))
            assert {row["tenant_id"] for row in rows} <= {tenant}
            assert len(rows) == seen[f"marts.{mart.name}"].rows, mart.name


def _exported(
    connection: Any, mart: marts.Mart, tenant: str, known_at: int | None
) -> Iterator[dict[str, str]]:
    day = END if mart.date_column == "as_of_date" else None
    out = io.BytesIO()
    request = exports.Request(mart.name, tenant, day, day, as_known_at=known_at)
    exports.export(connection, request, out)
    yield from csv.DictReader(io.StringIO(out.getvalue().decode()))


def test_the_servers_own_relations_name_no_other_tenant(
    stage: Installation, readers: list[Reader]
) -> None:
    with psycopg.connect(stage.target) as connection:
        words = [
            word
            for row in connection.execute(
                "select tenant_id, tenant_name from core.dim_tenants where tenant_id <> %s",
                (FIRST,),
            )
            for word in row
        ]
    assert len(set(words)) == 4
    for reader in _of(readers, FIRST):
        if reader.role.name == "administrator" and not reader.login.patient_names:
            assert matrix.told_by_the_system(stage, reader, words) == [], reader


# -- the search itself -----------------------------------------------------------------------

OPENED = {
    "a partition": (
        "grant usage on schema store to public;"
        " grant select on store.fct_postings_p3 to almoner_reader",
        f"store.fct_postings_p3 is open to administrator of {FIRST}",
    ),
    "a table without row-level security": (
        "alter table store.dim_departments disable row level security;"
        " grant select on store.dim_departments to almoner_reader",
        "store.dim_departments shows",
    ),
    "a column": (
        "grant select (department_name) on store.dim_departments to almoner_patient_names",
        "store.dim_departments is open to",
    ),
    "a view without a filter": (
        "create view marts.every_posting as select * from store.fct_postings;"
        " grant select on marts.every_posting to almoner_doctor",
        "marts.every_posting shows",
    ),
    "a mart without its row scope": (
        "create or replace view marts.dept_revenue_daily with (security_barrier) as"
        " select * from pub.dept_revenue_daily",
        "marts.dept_revenue_daily shows",
    ),
    "a materialized view": (
        "create materialized view marts.copied as select * from store.dim_departments;"
        " grant select on marts.copied to almoner_accountant",
        f"marts.copied is open to accountant of {FIRST}",
    ),
    "a sequence": (
        "grant select on almoner.release_numbers to almoner_group",
        "almoner.release_numbers is open to group of",
    ),
    "a schema's table of no tenant": (
        "grant usage on schema seeds to public; grant select on seeds.event_types to public",
        f"seeds.event_types is open to auditor of {FIRST}",
    ),
    "names": (
        "grant usage on schema patients to almoner_auditor;"
        " grant select on patients.names to almoner_auditor",
        f"patients.names is open to auditor of {FIRST}",
    ),
    "a right to insert": (
        "grant insert on marts.ar_aging to almoner_doctor",
        f"marts.ar_aging can be written to by doctor of {FIRST}",
    ),
    "a right to refer to": (
        "grant references (tenant_id) on store.dim_payers to almoner_reader",
        f"store.dim_payers can be written to by administrator of {FIRST}",
    ),
    "a right taken away": (
        "revoke select on marts.trial_balance from almoner_auditor",
        f"marts.trial_balance is closed to auditor of {FIRST}",
    ),
    "the list of a group reader": (
        "create or replace function almoner.visible_tenants()"
        " returns table (tenant_id text, release_id int) language sql stable security definer"
        " set search_path = pg_catalog, pg_temp"
        " as 'select tenant_id, release_id from almoner.pointers'",
        "marts_group.current_stock shows",
    ),
}
# the twin without its condition, and the policy that would do without it
BOTH_LOCKS = """
alter policy gate on store.fct_postings using (true);
do $$
begin
    execute 'create or replace view pub.fct_postings with (security_barrier) as '
    || regexp_replace(
        pg_get_viewdef('pub.fct_postings'::regclass), 'WHERE .*', 'where retired_in = 2147483647'
    );
end $$
"""


def test_the_search_finds_what_is_open(
    readers: list[Reader], found: Found, copied: Installation
) -> None:
    with copied.connect() as connection:
        for statement in (*(each for each, _ in OPENED.values()), BOTH_LOCKS):
            connection.execute(statement.encode())
    tried = [reader for reader in readers if not reader.claim and reader.role.name != "api"]
    some = [reader for reader in tried if len(reader.tenants) > 1 or reader.tenants == (FIRST,)]
    opened = matrix.search(copied, _at(copied, some))
    for what, (_, told) in OPENED.items():
        assert any(told in fault for fault in opened.faults), what
    assert f"marts.charges of administrator of {FIRST}" in matrix.moved(found, opened)


# -- what plans, keys and references tell -----------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "other"),
    [
        (f"administrator with names of {FIRST}", HELD),
        (f"department_head of {FIRST}", HELD),
        (f"administrator of {FIRST} by a claim", HELD),
        (f"group of {HELD}, {GONE}", FIRST),
    ],
)
def test_what_is_asked_of_another_has_one_plan_whether_it_is_there_or_not(
    stage: Installation, readers: list[Reader], found: Found, reader: str, other: str
) -> None:
    """The plan, and how often each step ran for how many rows: what else could take longer."""
    seen = found.of(reader)
    with next(each for each in readers if str(each) == reader).connect() as session:
        relations = [each for each in matrix.relations(stage) if str(each) in seen]
        # an older server counts what a session warms up with as memory of its first plan
        _plan(session, relations[0], other)
        for relation in relations:
            plans = [_plan(session, relation, tenant) for tenant in (other, "demo_9")]
            assert plans[0] == plans[1], relation


def _plan(session: psycopg.Connection[Any], relation: Relation, tenant: str) -> str:
    query = sql.SQL(
        "explain (analyze, verbose, timing off, summary off, buffers off)"
        " select * from (select * from {}{}) as rel where tenant_id = {}"
    ).format(relation.identifier, relation.of_a_day, sql.Literal(tenant))
    return str(session.execute(query).fetchall()).replace(tenant, "")


def test_every_key_of_many_tenants_rows_begins_with_the_tenant(stage: Installation) -> None:
    """A key across tenants would tell, by what it refuses or how long it looks, of another's."""
    with psycopg.connect(stage.target) as connection:
        keys = connection.execute(
            "select ind.indexrelid::regclass::text, att.attname from pg_index as ind"
            " inner join pg_class as cls on ind.indrelid = cls.oid"
            " left join pg_attribute as att on ind.indrelid = att.attrelid"
            " and att.attnum = ind.indkey[0]"
            " where cls.relnamespace in ('store'::regnamespace, 'core'::regnamespace)"
        ).fetchall()
        references = connection.execute(
            "select conrelid::regclass::text from pg_constraint where contype in ('f', 'x')"
            " and connamespace <> 'almoner'::regnamespace"
        ).fetchall()
    assert len(keys) > 50
    assert {name: first for name, first in keys if first != "tenant_id"} == {}
    assert references == []
