"""Older releases: read as known at, kept or pruned, and compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench.reliability import pruned
from runner import db, differences, exports, pins, publication, releases, retention
from runner.errors import ConfigError
from runner.marts import Column
from runner.settings import Retention
from tests.acceptance.conftest import DAYS, Installation
from tests.command import Command
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance

Seen = dict[str, list[tuple[Any, ...]]]
NEWEST_TWO = Retention(releases=2, days=0, month_ends=0)


@pytest.fixture(scope="module")
def grown(demo: Installation, session_databases: Databases) -> tuple[Installation, list[Seen]]:
    """Make releases 2 to 4 upon the demo's; give what each one showed, the first at 0."""
    made = demo.copied(session_databases)
    seen = [made.published()]
    for day in range(3):
        made.live(day)
        made.build()
        seen.append(made.published())
    return made, seen


@pytest.fixture
def aged(grown: tuple[Installation, list[Seen]], databases: Databases) -> Installation:
    """Give a copy of the installation with four releases, its source not to be changed."""
    made = grown[0]
    return Installation(
        made.source, databases.create(str(conninfo_to_dict(made.target)["dbname"]))
    )


@pytest.fixture
def command(aged: Installation) -> Command:
    return Command.with_project(ALMONER_DSN=aged.target)


def _read(url: str, names: list[tuple[str, bool]], release: object) -> Seen:
    """Read the marts as a BI login does that asks for an older release."""
    found: Seen = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select set_config('almoner.as_known_at', %s, false)", (str(release),))
        for name, is_by_day in names:
            query = sql.SQL("select * from {}").format(sql.Identifier(name))
            if is_by_day:
                query += sql.SQL(" where as_of_date = any({})").format(sql.Literal(list(DAYS)))
            found[name] = sorted(connection.execute(query).fetchall(), key=repr)
    return found


def _names(installation: Installation) -> list[tuple[str, bool]]:
    return [(mart.name, mart.date_column == "as_of_date") for mart in installation.marts()]


def _of(seen: Seen, tenant: str) -> Seen:
    return {mart: [row for row in rows if row[0] == tenant] for mart, rows in seen.items()}


def _revenue(url: str, release: object) -> list[tuple[Any, ...]]:
    return _read(url, [("dept_revenue_daily", False)], release)["dept_revenue_daily"]


# -- as known at -----------------------------------------------------------------------------


def test_a_login_reads_each_release_as_it_was_shown(
    grown: tuple[Installation, list[Seen]], aged: Installation
) -> None:
    _, seen = grown
    url, names = aged.login("demo_2"), _names(aged)
    for release, then in enumerate(seen, 1):
        assert _read(url, names, release) == _of(then, "demo_2"), release
        assert release == 1 or then != seen[release - 2]
    assert _read(url, names, "") == _read(url, names, 99) == _of(seen[-1], "demo_2")


NO_RELEASES = {
    "february": "must be the number of a release, got february",
    "-1": "must be the number of a release",
    "2; drop": "must be the number of a release",
    "99999999999": "must be the number of a release",
    "0": "nothing was published yet at release 0",
}


def test_what_is_no_release_is_refused(grown: tuple[Installation, list[Seen]]) -> None:
    url = grown[0].login("demo_1")
    for asked, says in NO_RELEASES.items():
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=says) as raised:
            _revenue(url, asked)
        assert "`almoner releases list`" in str(raised.value.diag.message_hint)


def test_no_wish_shows_a_release_that_was_not_published(aged: Installation) -> None:
    url = aged.login("demo_1")
    newest = _revenue(url, "")
    with aged.connect() as connection:
        for state in ("building", "reverted"):
            release = releases.open_release(connection)
            _post_one(connection, release)
            assert _revenue(url, release) == _revenue(url, "") == newest
            if state == "building":
                releases.revert(connection, release, "tried")
        assert _revenue(url, release) == newest
        # a number that was reverted stands for the release before it
        second, third = _revenue(url, 2), _revenue(url, 3)
        connection.execute("update almoner.releases set state = 'reverted' where release_id = 3")
    assert _revenue(url, 3) == second != third


def _post_one(connection: db.Connection, release: int) -> None:
    """Add a row to the rollup, as a build of that release would."""
    connection.execute(
        "insert into store.department_revenue_daily"
        " select (jsonb_populate_record(rev, jsonb_build_object('released_in', %s::int,"
        " 'department_id', 4242))).* from store.department_revenue_daily as rev"
        " where tenant_id = 'demo_1' and retired_in = 2147483647 limit 1",
        (release,),
    )


def test_a_wish_goes_no_further_than_the_pointer(aged: Installation) -> None:
    url = aged.login("demo_1")
    third, fourth = _revenue(url, 3), _revenue(url, 4)
    with aged.connect() as connection:
        publication.rollback(connection, 3)
    assert third != fourth
    assert _revenue(url, 4) == _revenue(url, 99) == third


def test_a_held_tenant_is_shown_what_it_was_shown_then(aged: Installation) -> None:
    url, other = aged.login("demo_1"), aged.login("demo_2")
    first, fourth, others = _revenue(url, 1), _revenue(url, 4), _revenue(other, 3)
    with aged.connect() as connection:
        _hold(connection, "demo_1", 2, 4, 1)
    assert _revenue(url, 2) == _revenue(url, 3) == first != fourth
    assert _revenue(url, 4) == fourth
    assert _revenue(other, 3) == others
    with aged.connect() as connection:
        connection.execute("update almoner.holds set until_release = null")
        assert _revenue(url, 4) == first
        # held from the beginning, or told of a release that it is held from: nothing is shown
        for reads in (None, 3):
            connection.execute("delete from almoner.holds")
            _hold(connection, "demo_1", 2, None, reads)
            assert _revenue(url, 3) == []


def _hold(
    connection: db.Connection, tenant: str, since: int, until: int | None, reads: int | None
) -> None:
    connection.execute(
        "insert into almoner.holds"
        " (tenant_id, since_release, until_release, reads_release, kind, reason, lifted_at)"
        " values (%(tenant)s, %(since)s, %(until)s, %(reads)s, 'manual', 'planted',"
        " case when %(until)s::int is not null then now() end)",
        {"tenant": tenant, "since": since, "until": until, "reads": reads},
    )


def test_an_export_is_of_the_release_that_was_asked_for(
    aged: Installation, command: Command
) -> None:
    arguments = ("export", "dept_revenue_daily", "--tenant", "demo_1", "--out")
    path = command.directory / "then.csv"
    assert command.run(*arguments, str(path), "--as-known-at", "2").exit_code == 0
    manifest = json.loads((command.directory / "then.csv.manifest.json").read_text())
    assert manifest["release"] == 2
    assert manifest["rows"] == len(_revenue(aged.login("demo_1"), 2))
    refused = command.run(*arguments, "-", "--as-known-at", "0")
    assert (refused.exit_code, refused.out) == (2, "")
    assert "nothing was published yet" in refused.err


# -- pins and pruning ------------------------------------------------------------------------


def _prune(installation: Installation, policy: Retention, **options: bool) -> retention.Pruning:
    with installation.connect() as connection, releases.builder(connection):
        return retention.prune(connection, policy, **options)


def test_pruning_leaves_what_is_kept_and_takes_the_rest(
    grown: tuple[Installation, list[Seen]], aged: Installation
) -> None:
    _, seen = grown
    url, names = aged.login("demo_1"), _names(aged)
    with aged.connect() as connection:
        pins.pin(connection, 1, "the board has seen it")
        before = pruned.rows(connection, [1, 3, 4])
    trial = _prune(aged, NEWEST_TWO, is_trial=True)
    assert _revenue(url, 2)  # a trial takes nothing
    done = _prune(aged, NEWEST_TWO)
    assert (done.pruned, done.kept) == ([2], trial.kept) == (trial.pruned, done.kept)
    told = {table.table_name: table.rows for table in done.tables}
    counted = {each.table_name: each.rows for each in trial.tables if "store." in each.table_name}
    assert counted.items() <= told.items()
    with aged.connect() as connection:
        assert pruned.rows(connection, [1, 3, 4]) == before
        assert _superseded_for_nothing(connection, [1, 3, 4]) == 0
        assert db.one(connection, "select count(*) as n from feed.fct_postings")["n"] == 0
    for release in (1, 3, 4):
        assert _read(url, names, release) == _of(seen[release - 1], "demo_1"), release
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="release 2 was pruned"):
        _revenue(url, 2)
    assert _prune(aged, NEWEST_TWO).tables == []


def _indexes(installation: Installation) -> dict[str, tuple[int, int]]:
    """Give the file and the size of each index of the released tables."""
    with psycopg.connect(installation.target) as connection:
        found = connection.execute(
            "select indexname, pg_relation_filenode(oid), pg_relation_size(oid) from pg_indexes"
            " inner join pg_class on oid = ('store.' || quote_ident(indexname))::regclass"
            " where schemaname = 'store'"
            " and relkind = 'i'"
        ).fetchall()
    return {name: (file, size) for name, file, size in found}


def test_pruning_makes_anew_the_indexes_of_which_much_went(aged: Installation) -> None:
    before = _indexes(aged)
    _prune(aged, Retention(releases=1, days=0, month_ends=0))
    after = _indexes(aged)
    assert after.keys() == before.keys()
    anew = {name for name in after if after[name][0] != before[name][0]}
    assert anew
    assert anew != after.keys()  # not of what hardly changed
    assert sum(after[name][1] for name in anew) < sum(before[name][1] for name in anew)


def test_an_index_that_is_read_for_long_is_left_as_it_was(
    aged: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PATIENCE", "100ms")
    before = _indexes(aged)
    with psycopg.connect(aged.target) as reader:
        reader.execute("set transaction isolation level repeatable read")
        for table in ("feed.fct_postings", "store.account_movements_daily"):
            reader.execute(f"select count(*) from {table}".encode())
        done = _prune(aged, Retention(releases=1, days=0, month_ends=0))
    assert any(table.table_name == "store.account_movements_daily" for table in done.tables)
    with aged.connect() as connection:
        left = db.rows(connection, db.script("abandoned_indexes"))
        assert left
        assert _indexes(aged).items() >= before.items()
        _prune(aged, Retention(releases=1, days=0, month_ends=0))
        assert db.rows(connection, db.script("abandoned_indexes")) == []
    assert _indexes(aged) == before


def _superseded_for_nothing(connection: db.Connection, kept: list[int]) -> int:
    """Count rows that only releases have that are not kept."""
    return sum(
        int(
            db.one(
                connection,
                sql.SQL(
                    "select count(*) as size from {} where retired_in < 2147483647 and not"
                    " exists (select from unnest({}::int[]) as k"
                    " where released_in <= k and k < retired_in)"
                )
                .format(sql.Identifier("store", table["name"]), sql.Literal(kept))
                .as_string(),
            )["size"]
        )
        for table in db.rows(connection, db.script("tables_of_store"))
    )


def test_after_pruning_builds_go_on_as_if_nothing_were_gone(
    aged: Installation, databases: Databases
) -> None:
    source = databases.create(str(conninfo_to_dict(aged.source)["dbname"]))
    whole, thinned = (
        Installation(source, databases.create(str(conninfo_to_dict(aged.target)["dbname"])))
        for _ in range(2)
    )
    _prune(thinned, Retention(releases=1, days=0, month_ends=0))
    whole.live(7)
    for each in (whole, thinned):
        assert each.build().release is not None
    assert thinned.published() == whole.published()


def test_a_model_that_comes_back_after_its_feeds_were_pruned_is_recomputed(
    aged: Installation,
) -> None:
    with aged.connect() as connection:
        # as if its file had been away since the first release
        connection.execute(
            "delete from almoner.model_builds"
            " where model = 'department_revenue_daily' and release_id > 1"
        )
        connection.execute("delete from almoner.project_files")
    _prune(aged, NEWEST_TWO)
    aged.build()
    with aged.connect() as connection:
        row = db.one(
            connection,
            "select mode from almoner.plans where model = 'department_revenue_daily'"
            " order by release_id desc limit 1",
        )
    assert row["mode"] == "full"


AGES: list[tuple[Retention, Callable[[db.Connection], Any], set[int]]] = [
    (Retention(releases=1, days=0, month_ends=0), lambda _: None, {3, 4}),
    (Retention(releases=3, days=0, month_ends=0), lambda _: None, {2, 3, 4}),
    (Retention(releases=1, days=40, month_ends=0), lambda _: None, {2, 3, 4}),
    (Retention(releases=1, days=0, month_ends=2), lambda _: None, {2, 3, 4}),
    (Retention(releases=1, days=0, month_ends=3), lambda _: None, {1, 2, 3, 4}),
    (
        Retention(releases=1, days=0, month_ends=0),
        lambda connection: pins.pin(connection, 2, "planted"),
        {2, 3, 4},
    ),
    (
        Retention(releases=1, days=0, month_ends=0),
        lambda connection: publication.rollback(connection, 2),
        {1, 2, 4},
    ),
    (
        Retention(releases=1, days=0, month_ends=0),
        lambda connection: _hold(connection, "demo_3", 2, None, 1),
        {1, 3, 4},
    ),
]


def test_the_policy_keeps_what_it_says(aged: Installation) -> None:
    with aged.connect() as connection:
        # the ends of two months ago and one month ago, and two of this one
        for release, months in ((1, 2), (2, 1)):
            connection.execute(
                "update almoner.releases set finished_at = date_trunc('month', now()) - interval"
                " '1 hour' - make_interval(months => %s) where release_id = %s",
                (months - 1, release),
            )
        for policy, meanwhile, expected in AGES:
            with connection.transaction(force_rollback=True), releases.builder(connection):
                meanwhile(connection)
                found = retention.prune(connection, policy, is_trial=True)
            assert {release.release_id for release in found.kept} == expected, policy


def test_a_pruned_release_is_neither_rolled_back_to_nor_pinned(
    aged: Installation, command: Command
) -> None:
    command.configure("retention: {releases: 1, days: 0, month_ends: 0}")
    assert command.run("releases", "pin", "1", "--reason", "planted").exit_code == 0
    assert command.run("releases", "unpin", "1").exit_code == 0
    assert command.run("releases", "unpin", "1").exit_code == 2
    assert (
        "would prune 2 releases (1, 2), 2 kept"
        in command.run("releases", "prune", "--dry-run").out
    )
    assert "pruned 2 releases (1, 2), 2 kept" in command.run("releases", "prune").out
    for refused in (
        ("rollback", "--to", "2"),
        ("pin", "2", "--reason", "late"),
        ("diff", "2", "4"),
    ):
        said = command.run("releases", *refused)
        assert (said.exit_code, "release 2 was pruned" in said.err) == (2, True)
    listed = json.loads(command.run("releases", "list", "--json").out)
    assert [row["release_id"] for row in listed if row["pruned_at"]] == [2, 1]
    assert command.run("releases", "rollback").exit_code == 0
    assert command.run("releases", "rollback", "--to", "4").exit_code == 0


# -- differences -----------------------------------------------------------------------------


def _exported(
    installation: Installation, mart: str, tenant: str, release: int, day: date | None
) -> list[dict[str, str]]:
    """Give a mart's rows, read from an export."""
    out = io.BytesIO()
    request = exports.Request(mart, tenant, day, day, as_known_at=release)
    with installation.connect() as connection:
        exports.export(connection, request, out)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))


def _joined(
    installation: Installation, tenant: str, before: int, after: int, day: date
) -> set[tuple[Any, ...]]:
    """Compare two exports of every mart the plain way."""
    found: set[tuple[Any, ...]] = set()
    for mart in installation.marts():
        as_of = day if mart.date_column == "as_of_date" else None
        columns = {column.name: column for column in mart.columns}
        then, now = (
            {
                tuple(_figure(row, columns[name]) for name in mart.grain): row
                for row in _exported(installation, mart.name, tenant, release, as_of)
            }
            for release in (before, after)
        )
        for key in then.keys() | now.keys():
            one, other = then.get(key, {}), now.get(key, {})
            for column in mart.columns:
                values = _figure(one, column), _figure(other, column)
                if column.name not in mart.grain and values[0] != values[1]:
                    found.add((mart.name, key, column.name, *values))
    return found


def _figure(row: dict[str, str], column: Column) -> str:
    """Give an exported value as a cast to text writes it."""
    value = row.get(column.name, "")
    return (
        {"t": "true", "f": "false"}.get(value, value) if column.data_type == "boolean" else value
    )


def _moved(installation: Installation, request: differences.Request) -> set[tuple[Any, ...]]:
    with installation.connect() as connection:
        found = list(differences.moved(connection, request))
    moved = {
        (
            each.mart,
            tuple(value or "" for value in each.key.values()),
            each.column,
            each.before or "",
            each.after or "",
        )
        for each in found
    }
    assert len(moved) == len(found)
    return moved


@pytest.mark.parametrize(("before", "after", "tenant"), [(3, 4, "demo_1"), (1, 4, "demo_2")])
def test_the_differences_are_those_of_two_exports(
    grown: tuple[Installation, list[Seen]], before: int, after: int, tenant: str
) -> None:
    aged = grown[0]
    day = date(2026, 10, 31)
    moved = _moved(aged, differences.Request(before, after, tenant=tenant, as_of=day))
    assert moved == _joined(aged, tenant, before, after, day)
    assert {"dept_revenue_daily", "ar_aging", "trial_balance"} <= {each[0] for each in moved}
    # rows that came, and figures that changed
    assert {each[3] == "" for each in moved} == {True, False}


def test_a_difference_is_of_one_mart_or_tenant(grown: tuple[Installation, list[Seen]]) -> None:
    aged = grown[0]
    every = _moved(aged, differences.Request(3, 4))
    only = _moved(aged, differences.Request(3, 4, mart="dept_revenue_daily", tenant="demo_1"))
    assert only == {
        each for each in every if each[0] == "dept_revenue_daily" and each[1][0] == "demo_1"
    }
    assert only


def test_a_tenant_that_was_held_all_the_while_has_no_difference(aged: Installation) -> None:
    with aged.connect() as connection:
        _hold(connection, "demo_1", 3, None, 2)
    tenants = {each[1][0] for each in _moved(aged, differences.Request(3, 4))}
    assert tenants == {"demo_2", "demo_3"}


def test_releases_that_cannot_be_compared_are_refused(
    grown: tuple[Installation, list[Seen]],
) -> None:
    for before, after, says in ((4, 3, "not before"), (3, 3, "not before"), (3, 9, "release 9")):
        with pytest.raises(ConfigError, match=says):
            _moved(grown[0], differences.Request(before, after))


def test_what_nobody_reads_after_a_rollback_is_not_compared(aged: Installation) -> None:
    with aged.connect() as connection:
        publication.rollback(connection, 3)
    with pytest.raises(ConfigError, match="tenants read release 3"):
        _moved(aged, differences.Request(2, 4))


def test_marts_that_were_defined_otherwise_are_named(aged: Installation, command: Command) -> None:
    with aged.connect() as connection:
        connection.execute(
            "update almoner.mart_definitions"
            ' set definition = definition || \'{"sql": "select 1"}\''
            " where mart = 'ar_aging' and release_id = 1;"
            "insert into almoner.mart_definitions"
            ' select mart, 2, definition || \'{"sql": "select 2"}\''
            " from almoner.mart_definitions where mart = 'ar_aging'"
        )
        assert differences.redefined(connection, differences.Request(1, 4)) == ["ar_aging"]
        assert differences.redefined(connection, differences.Request(2, 4)) == []
    said = command.run("releases", "diff", "1", "4", "--mart", "dept_revenue_daily")
    assert "defined otherwise at release 1, shown as defined today: ar_aging" in said.err


def test_many_differences_are_counted_and_all_are_given_as_json(
    aged: Installation, command: Command
) -> None:
    every = _moved(aged, differences.Request(1, 4))
    counted = command.run("releases", "diff", "1", "4").out
    size = sum(each[0] == "trial_balance" for each in every)
    (line,) = (line for line in counted.splitlines() if line.startswith("trial_balance "))
    assert line.split()[-1] == f"{size:,}"
    lines = command.run("releases", "diff", "1", "4", "--json").out.splitlines()
    assert len(lines) == len(every)
    listed = command.run("releases", "diff", "1", "4", "--mart", "trial_balance").out
    assert len(listed.splitlines()) == size
