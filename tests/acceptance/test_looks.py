"""A build that finds nothing new only looks, and a look misses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from runner import build, db, extraction, progress, wanted
from runner.errors import ContractError, DatabaseError
from tests.acceptance.conftest import Installation

LATER = "update hms.departments set name = name || ' (east)' where id = 1"


def _build(installation: Installation) -> build.Outcome:
    return installation.builder.build(progress.Silent())


def _run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def _transactions(installation: Installation) -> str:
    with db.connect(installation.target) as connection:
        return str(db.one(connection, "select pg_current_snapshot()::text as seen")["seen"])


def _quiet(installation: Installation) -> list[str]:
    """Build, and give the stages if nothing was new."""
    outcome = _build(installation)
    assert outcome.release is None
    assert outcome.current is not None
    return list(outcome.stages)


@pytest.fixture
def looked(installation: Installation) -> Iterator[Installation]:
    """Give an installation whose resident process has read the source since it was copied."""
    with installation.builder.resident():
        assert _quiet(installation)[-1] == "plan"
        yield installation


def test_a_quiet_build_opens_no_release_and_says_when_it_looked(looked: Installation) -> None:
    with db.connect(looked.target) as connection:
        before = db.one(connection, db.script("status_sources"), ["demo"])["read_at"]
        numbers = db.one(connection, "select last_value from almoner.release_numbers")
        assert _quiet(looked) == ["look"]
        assert db.one(connection, "select last_value from almoner.release_numbers") == numbers
        assert db.one(connection, db.script("status_sources"), ["demo"])["read_at"] >= before


def test_a_look_changes_nothing_on_the_server(looked: Installation) -> None:
    """Else each look of a resident process would have to look through every table again."""
    for _ in range(20):
        before = _transactions(looked)
        assert _quiet(looked) == ["look"]
        # other tests write to the same server, but not all of the time
        if _transactions(looked) == before:
            return
    raise AssertionError("every look was a transaction")


def test_nothing_is_missed_between_two_looks(looked: Installation) -> None:
    with psycopg.connect(looked.source) as writer:
        writer.execute(LATER.encode())
        assert _quiet(looked) == ["look"]  # it is not committed yet
        writer.commit()
    assert _build(looked).rows_landed == 1
    assert _quiet(looked) == ["look"]
    _run(
        looked.source,
        "delete from hms.invoice_instalments"
        " where id = (select min(id) from hms.invoice_instalments)",
    )
    assert _build(looked).rows_deleted == 1


def test_what_people_ask_for_here_is_news(looked: Installation) -> None:
    _run(
        looked.target,
        "insert into almoner.write_offs (tenant_id, invoice_id, share, category,"
        " currency_code, base_rate, amount, reason, business_date, requested_by)"
        " select tenant_id, invoice_id, 'patient', 'other', currency_code, 1, 1, 'small',"
        " invoice_date, 'ann' from core.fct_invoices limit 1",
    )
    assert _build(looked).release is not None
    assert _quiet(looked) == ["look"]


def test_a_source_that_cannot_be_read_is_told_by_a_release(looked: Installation) -> None:
    _run(looked.source, "alter table hms.departments rename column name to called")
    with pytest.raises(ContractError, match="has no column name"):
        _build(looked)
    with db.connect(looked.target) as connection:
        last = db.rows(connection, "select state from almoner.releases order by release_id")[-1]
    assert last["state"] == "reverted"


def test_a_view_is_looked_through_each_time(looked: Installation) -> None:
    """What it shows may change though nothing is written on the source's server."""
    _run(
        looked.source,
        "alter table hms.locations rename to kept_locations;"
        " create view hms.locations as select * from hms.kept_locations"
        " where id > 1 or not pg_try_advisory_lock_shared(7070, id::int)"
        " or pg_advisory_unlock_shared(7070, id::int)",
    )
    assert _build(looked).release is None
    with psycopg.connect(looked.source) as other:
        assert _quiet(looked)[-1] == "plan"
        # takes what the view asks for, and writes nothing
        other.execute("select pg_advisory_lock(7070, 1)")
        _build(looked)
        assert looked.builder._states == {}


def test_a_look_that_fails_leaves_the_sync_a_new_snapshot(looked: Installation) -> None:
    database = conninfo_to_dict(looked.source)["dbname"]
    _run(looked.source, f"alter database {database} set lock_timeout = '200ms'")
    _run(looked.source, LATER)
    with psycopg.connect(looked.source) as other:
        other.execute("lock table hms.patients in access exclusive mode")
        with pytest.raises(DatabaseError, match="lock timeout"):
            _build(looked)
    assert _build(looked).rows_landed == 1


def test_what_had_landed_and_is_gone_is_read_again(looked: Installation) -> None:
    assert _quiet(looked) == ["look"]
    _run(looked.target, "delete from almoner.watermarks where table_name like '%locations'")
    assert _quiet(looked)[-1] == "plan"


def test_a_source_of_another_time_zone_is_known_again(looked: Installation) -> None:
    database = conninfo_to_dict(looked.source)["dbname"]
    _run(looked.source, f"alter database {database} set timezone = 'Asia/Kolkata'")
    source = looked.settings.sources["demo"]
    with extraction.open_snapshot("demo", source, wanted.Wanted()) as snapshot:
        for _ in range(20):
            if extraction.state("demo", source) == snapshot.state:
                return
    raise AssertionError("the state was never the same")
