"""Snapshots hold what published releases landed, in the source's own time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import pytest

from runner import db, publication, releases
from runner.errors import PublicationError
from tests.acceptance.conftest import Installation

pytestmark = pytest.mark.acceptance


def versions(installation: Installation, key: int) -> list[tuple[Any, ...]]:
    """Give price and validity of each version of an entry of the price list."""
    with psycopg.connect(installation.target) as connection:
        return connection.execute(
            "select price, recorded_from, recorded_to from snapshots.hms_price_versions"
            " where id = %s order by recorded_from",
            (key,),
        ).fetchall()


def written_at(installation: Installation, key: int) -> datetime:
    with psycopg.connect(installation.source) as connection:
        row = connection.execute(
            "select updated_at from hms.price_list where id = %s", (key,)
        ).fetchone()
    assert row
    return row[0]


def published_at(installation: Installation) -> datetime:
    with installation.connect() as connection:
        last = releases.last_published(connection)
        assert last is not None
        return releases.find(connection, last)["finished_at"]


def test_a_price_keeps_its_versions_in_the_source_s_time(installation: Installation) -> None:
    ((price, since, until),) = versions(installation, 3)
    assert (since, until) == (written_at(installation, 3), None)
    installation.run("update hms.price_list set price = price + 1 where id = 3")
    installation.run("delete from hms.price_list where id = 4")
    installation.build()
    changed = written_at(installation, 3)
    assert versions(installation, 3) == [(price, since, changed), (price + 1, changed, None)]
    assert [row[2] for row in versions(installation, 4)] == [published_at(installation)]
    before = [versions(installation, 3), versions(installation, 4)]
    installation.build(full=True)
    assert [versions(installation, 3), versions(installation, 4)] == before


def test_a_row_that_comes_back_as_it_was_has_one_version(installation: Installation) -> None:
    before = versions(installation, 4)
    installation.run("create table hms.away as select * from hms.price_list where id = 4")
    installation.run("delete from hms.price_list where id = 4")
    installation.build()
    assert versions(installation, 4) != before
    installation.run("insert into hms.price_list select * from hms.away")
    installation.build()
    assert versions(installation, 4) == before
    installation.run("update hms.price_list set price = price + 1 where id = 4")
    installation.build()
    assert [row[2] is None for row in versions(installation, 4)] == [False, True]


def test_what_a_failed_release_landed_is_in_no_snapshot_until_published(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(installation, 3)
    installation.run("update hms.price_list set price = price + 1 where id = 3")
    with monkeypatch.context() as planted:
        planted.setattr(publication, "check_gate", refuse)
        with pytest.raises(PublicationError, match="planted"):
            installation.build()
    assert versions(installation, 3) == before
    installation.build()
    assert len(versions(installation, 3)) == 2


def refuse(connection: db.Connection) -> None:
    raise PublicationError("planted", "")
