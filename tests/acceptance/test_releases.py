"""What a release promises: incremental equals full, crashes leave readers where they were."""

from __future__ import annotations

import psycopg
import pytest
from dbt.adapters.postgres import Plugin as PostgresPlugin
from psycopg import sql

from runner import db, publication, releases
from runner.dbt import Dbt
from runner.errors import AuditError, DatabaseError, PublicationError
from tests.acceptance.conftest import EXCEPTIONS, Installation, Published, warnings
from tests.conftest import Databases, Running

pytestmark = pytest.mark.acceptance


def test_days_built_one_by_one_equal_one_build_from_nothing(
    installation: Installation, databases: Databases
) -> None:
    for day in range(5):
        assert sum(installation.live(day).values()) > 0
        assert installation.build().release is not None
    fresh = installation.from_nothing(databases)
    daily, once = installation.published(), fresh.published()
    assert daily.keys() == once.keys()
    for mart in once:
        assert daily[mart] == once[mart], mart
    empty = {mart for mart in once if not once[mart]}
    assert empty <= EXCEPTIONS


def test_a_full_rebuild_changes_nothing(installation: Installation, embedded: Running) -> None:
    warned = warnings(embedded)
    installation.live(1)
    installation.build()
    before, views = installation.published(), _views(installation)
    outcome = installation.build(full=True)
    assert installation.published() == before
    assert warnings(embedded) == warned
    assert _views(installation) == views  # replaced in place: builders in step never deadlock
    with installation.connect() as connection:
        feeds = db.rows(
            connection,
            "select feed from almoner.feed_log where release_id = %s",
            outcome.release,
        )
    assert feeds == []


def _views(installation: Installation) -> dict[str, int]:
    """Give the builder's views by name, with what tells one from another of that name."""
    with psycopg.connect(installation.target) as connection:
        return dict(
            connection.execute(
                "select oid::regclass::text, oid from pg_class where relkind = 'v'"
                " and relnamespace in ('staging'::regnamespace, 'marts_candidate'::regnamespace)"
            ).fetchall()
        )


def test_nothing_new_makes_no_release(installation: Installation) -> None:
    before = installation.build().current
    outcome = installation.build()
    assert (outcome.release, outcome.current) == (None, before)


def test_a_reverted_release_leaves_the_tables_as_they_were(installation: Installation) -> None:
    before = _stored(installation)
    installation.live(1)
    with psycopg.connect(installation.source) as connection:
        connection.execute("update hms.departments set name = name || ' (moved)'")
    original = publication.check_gate
    try:
        publication.check_gate = _refuse
        with pytest.raises(PublicationError, match="planted"):
            installation.build()
    finally:
        publication.check_gate = original
    assert _stored(installation) == before
    assert installation.build().release is not None
    changed = {name for name, rows in _stored(installation).items() if rows != before[name]}
    assert {"dim_departments", "fct_postings"} <= changed


def test_many_edits_that_two_sessions_share_equal_a_full_rebuild(
    installation: Installation, embedded: Running
) -> None:
    warned = warnings(embedded)
    installation.run("update hms.invoice_items set quantity = quantity + 1")
    installation.build()
    with psycopg.connect(installation.target) as connection:
        halves = connection.execute(
            "select count(*) from work.fct_postings__scopes"
            " group by hashtext(document_id::text) % 2 = 0"
        ).fetchall()
    assert [count > 0 for (count,) in halves] == [True, True], halves
    assert sum(count for (count,) in halves) > 500
    assert installation.recomputed() == []
    assert warnings(embedded) == warned


@pytest.mark.parametrize(("rows", "is_truncated"), [(1_000, False), (100_000, True)])
def test_small_work_tables_are_emptied_row_by_row(
    installation: Installation, rows: int, is_truncated: bool
) -> None:
    place = (
        "select pg_relation_filepath('work.fct_claims__scopes'), count(*)"
        " from work.fct_claims__scopes"
    )
    with psycopg.connect(installation.target) as connection:
        connection.execute("truncate work.fct_claims__scopes")
        connection.execute(
            "insert into work.fct_claims__scopes select 'one', generate_series(1, %s)", (rows,)
        )
        before = connection.execute(place).fetchone()
        connection.commit()
        connection.execute("select almoner.empty('work.fct_claims__scopes')")
        after = connection.execute(place).fetchone()
    assert before is not None
    assert after is not None
    assert (before[1], after[1]) == (rows, 0)
    assert (before[0] != after[0]) == is_truncated


def test_a_first_fill_that_failed_when_half_was_there_is_done_again(
    installation: Installation, shown: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = PostgresPlugin.adapter._run_beside

    def fill_and_fail(adapter: object, statements: str) -> None:
        fill(adapter, statements)
        assert _count(installation) > 0
        raise RuntimeError("planted")

    installation.run("update hms.departments set name = name")  # not quiet
    with installation.connect() as connection:
        connection.execute(
            "truncate store.fct_postings;"
            "update almoner.model_builds set definition = 'another' where model = 'fct_postings'"
        )
    monkeypatch.setattr(PostgresPlugin.adapter, "_run_beside", fill_and_fail)
    with pytest.raises(AuditError, match=r"fct_postings.*planted"):
        installation.build()
    assert _count(installation) == 0
    monkeypatch.undo()
    installation.build()
    assert installation.published() == shown


def test_half_of_what_differs_goes_with_a_release_that_fails(
    installation: Installation, shown: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = PostgresPlugin.adapter._run_beside
    before = _stored(installation)

    def run_and_fail(adapter: object, statements: str) -> None:
        run(adapter, statements)
        if "insert into feed." in statements:
            assert _count(installation) > len(before["fct_postings"])
            raise RuntimeError("planted")

    installation.run("update hms.invoice_items set quantity = quantity + 1")
    monkeypatch.setattr(PostgresPlugin.adapter, "_run_beside", run_and_fail)
    with pytest.raises(AuditError, match=r"fct_postings.*planted"):
        installation.build()
    assert _stored(installation) == before
    assert installation.published() == shown
    monkeypatch.undo()
    installation.build()
    assert installation.recomputed() == []


def _count(installation: Installation) -> int:
    with psycopg.connect(installation.target) as connection:
        row = connection.execute("select count(*) from store.fct_postings").fetchone()
        assert row is not None
        return int(row[0])


def _stored(installation: Installation) -> dict[str, list[str]]:
    """Give the rows of every released table, superseded ones too."""
    with psycopg.connect(installation.target) as connection:
        tables = connection.execute(
            "select relname from pg_class where relnamespace = 'store'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition"
        ).fetchall()
        return {
            name: [
                row[0]
                for row in connection.execute(
                    sql.SQL("select sto::text from {} as sto order by 1").format(
                        sql.Identifier("store", name)
                    )
                )
            ]
            for (name,) in tables
        }


def _refuse(connection: db.Connection) -> None:
    raise PublicationError("planted", "")


def test_a_failed_audit_publishes_nothing(installation: Installation, shown: Published) -> None:
    with installation.connect() as connection:
        # a second current row of a posting, as of a release that never was
        connection.execute(
            "create temporary table copied as select * from store.fct_postings limit 1;"
            "update copied set released_in = 0;"
            "insert into store.fct_postings select * from copied"
        )
    with pytest.raises(AuditError, match="fct_postings"):
        installation.build(full=True)
    with installation.connect() as connection:
        connection.execute("delete from store.fct_postings where released_in = 0")
    assert installation.published() == shown


def test_a_second_builder_is_refused(installation: Installation) -> None:
    with (
        installation.connect() as connection,
        releases.builder(connection),
        pytest.raises(PublicationError, match="another build is running"),
    ):
        installation.build()


def test_an_overtaken_builder_is_fenced(installation: Installation) -> None:
    with installation.connect() as connection:
        overtaken = releases.open_release(connection)
        releases.open_release(connection)
        with pytest.raises(psycopg.errors.RaiseException, match="is not being built"):
            connection.execute("select almoner.fence(%s)", (overtaken,))


def test_a_build_that_hangs_is_taken_over(installation: Installation) -> None:
    installation.live(1)
    with psycopg.connect(installation.target, autocommit=True) as hanging:
        hanging.execute("select pg_advisory_lock(%s)", (releases.BUILDER_LOCK,))
        with pytest.raises(PublicationError) as refused:
            installation.build()
        assert "almoner build --take-over" in refused.value.hint
        assert installation.build(take_over=True).release is not None
        with pytest.raises(psycopg.OperationalError):
            hanging.execute("select")


def test_dbt_of_an_overtaken_builder_makes_no_views_and_seeds(
    installation: Installation,
) -> None:
    with installation.connect() as connection:
        overtaken = releases.open_release(connection)
        releases.open_release(connection)
    dbt = Dbt(installation.target, ["hms"])
    dbt.parse()
    names = ["stg_hms__departments", "event_types"]
    results = dbt.build(names, overtaken, lambda result: None)
    told = {result.name: result.message for result in results if result.name in names}
    assert told.keys() == set(names)
    assert all("is not being built" in message for message in told.values()), told


def test_a_release_number_is_given_once_though_a_crash_took_the_sequence_back(
    installation: Installation,
) -> None:
    with installation.connect() as connection:
        last = releases.last_published(connection)
        assert last is not None
        connection.execute("select setval('almoner.release_numbers', 1, false)")
        assert releases.open_release(connection) == last + 1
        assert releases.open_release(connection) == last + 2


def test_what_became_of_a_publication_is_told_when_it_is_known(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication.time, "sleep", lambda seconds: None)
    with installation.connect() as connection:
        release = releases.open_release(connection)
        with psycopg.connect(installation.target) as publishing:
            row = publishing.execute("select pg_current_xact_id()::text").fetchone()
            assert row is not None
            with pytest.raises(DatabaseError, match="does not say whether it is published"):
                publication._decide(installation.target, release, row[0], OSError())
            publishing.rollback()
        with pytest.raises(DatabaseError, match="was not published"):
            publication._decide(installation.target, release, row[0], OSError())
        connection.execute("update almoner.releases set state = 'published'")
        assert publication._decide(installation.target, release, row[0], OSError()) == 0


def test_rollback_shows_the_figures_of_before(
    installation: Installation, shown: Published
) -> None:
    installation.live(1)
    installation.build()
    after = installation.published()
    assert after != shown
    with installation.connect() as connection:
        newest = releases.last_published(connection)
        publication.rollback(connection, releases.before_current(connection))
    assert installation.published() == shown
    outcome = installation.build()  # finds nothing new and leaves the tenants where they are
    assert outcome.release is None
    assert outcome.current == newest
    assert outcome.read is not None
    assert outcome.current is not None
    assert outcome.read < outcome.current
    assert installation.shows(shown)
    with installation.connect() as connection:
        assert publication.rollback(connection, outcome.current) == len(installation.tenants())
    assert installation.published() == after
    with installation.connect() as connection:
        publication.rollback(connection, outcome.read)
    installation.live(2)
    installation.build()
    assert not installation.shows(shown)


def test_a_command_leaves_what_readers_use_as_it_stands(installation: Installation) -> None:
    def written() -> list[int]:
        query = "select xmin::text::int from pg_proc where pronamespace = 'almoner'::regnamespace"
        with psycopg.connect(installation.target) as connection:
            return sorted(row[0] for row in connection.execute(query))

    with installation.connect() as connection:
        releases.prepare(connection)
        before = written()
        releases.prepare(connection)
        assert written() == before
        # another version of Almoner has other functions
        connection.execute("comment on schema almoner is 'of another version'")
        releases.prepare(connection)
        assert not set(written()) & set(before)
