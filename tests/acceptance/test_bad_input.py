"""What bad input gets: a clear error or a row set aside, the last published release untouched."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from runner import db, releases
from runner.build import Builder
from runner.errors import DatabaseError
from runner.progress import Silent
from tests.acceptance.conftest import Installation, Published
from tests.acceptance.hospital_files import TODAY, Case, Line, days, noon, write
from tests.command import Command, Said
from tests.conftest import Databases

pytestmark = pytest.mark.acceptance


# without these the operational database refuses most of what is planted here
UNGUARDED = """
do $$
declare guard record;
begin
    for guard in
        select conrelid::regclass as place, conname
        from pg_constraint
        where connamespace = 'hms'::regnamespace and contype in ('c', 'f', 'u')
        order by contype <> 'f'
    loop
        execute format('alter table %s drop constraint %I', guard.place, guard.conname);
    end loop;
end
$$
"""


@dataclass(frozen=True)
class Dirt:
    """A bad value in one row of a table, and what becomes of the row."""

    table: str
    change: str
    entity: str
    reason: str
    where: str = "true"


PLANTED = (
    Dirt("invoices", "currency_code = 'XXQ'", "invoices", "unknown currency XXQ"),
    Dirt("invoices", "status = 'mislaid'", "invoices", "unknown status mislaid"),
    Dirt("invoices", "exchange_rate = 0", "invoices", "invoice without a valid exchange rate"),
    Dirt("payments", "currency_code = 'XXP'", "payments", "unknown currency XXP"),
    Dirt("payments", "status = 'maybe'", "payments", "unknown status maybe"),
    Dirt("payments", "invoice_id = 99999999", "payments", "payment without its invoice"),
    Dirt("payments", "amount = 'NaN'", "payments", "payment without a valid amount"),
    Dirt("refunds", "status = 'perhaps'", "refunds", "unknown status perhaps"),
    Dirt("write_offs", "status = 'sleeping'", "adjustments", "unknown status sleeping"),
    Dirt(
        "write_offs",
        "approved_by = requested_by",
        "adjustments",
        "write-off approved by its requester",
        "status = 'approved'",
    ),
    Dirt(
        "wallet_transactions",
        "type = 'gift'",
        "wallet_transactions",
        "unknown wallet transaction type gift",
    ),
    Dirt(
        "wallet_transactions",
        "status = 'gone'",
        "wallet_transactions",
        "unknown status gone",
    ),
    Dirt("insurance_claims", "status = 'adrift'", "claims", "unknown status adrift"),
    Dirt("insurance_claims", "invoice_id = 99999999", "claims", "claim without its invoice"),
    Dirt(
        "insurance_claims",
        "decided_at = null",
        "claims",
        "decided claim without its date",
        "status in ('approved', 'paid')",
    ),
    Dirt(
        "inventory_ledger",
        "product_id = 99999999",
        "stock_movements",
        "stock movement without its product",
    ),
)
INVOICES = sum(dirt.table == "invoices" for dirt in PLANTED)
LAST = "(select max(id) from hms.payments where hospital_id = 1)"


@pytest.fixture
def command(installation: Installation) -> Command:
    """Give the command, configured for a copy of the demo."""
    made = Command.with_project(ALMONER_DSN=installation.target)
    made.configure(_source(installation.source))
    return made


def _source(dsn: str, system: str = "hms") -> str:
    return json.dumps({"sources": {"demo": {"system": system, "dsn": dsn}}})


def _assert_error(said: Said, exit_code: int, *parts: str) -> None:
    """Check that a command ended with a message that names the thing and a hint to run."""
    assert said.exit_code == exit_code, said
    lines = said.err.strip().splitlines()
    assert [line[:6] for line in lines] == ["error:", "hint: "], said.err
    assert "`" in lines[1], said.err
    for part in parts:
        assert part in lines[0], said.err


# -- rows that are set aside -----------------------------------------------------------------


def test_bad_rows_are_set_aside_until_they_are_mended(
    installation: Installation, shown: Published
) -> None:
    # a row that was mended is a row that was written again
    figures = installation.published(without="recorded_at")
    rows = _plant(installation)
    installation.run("alter table hms.payments drop constraint payments_pkey")
    installation.run(f"insert into hms.payments select * from hms.payments where id = {LAST}")
    assert installation.build().release is not None
    after = installation.published()
    aside = {row[:3]: row[3] for row in after["set_aside_rows"]}
    for dirt in PLANTED:
        assert aside["demo_1", dirt.entity, dirt.reason] == 1, dirt
    assert aside.keys() - {("demo_1", dirt.entity, dirt.reason) for dirt in PLANTED} == {
        # an invoice takes its lines along
        ("demo_1", "invoice_lines", "line of an invoice set aside"),
        ("demo_1", "hms.payments", "duplicate key"),
    }
    _assert_all_else_is_published(installation, shown, after, rows)
    _put_back(installation, rows)
    installation.run(
        f"delete from hms.payments where id = {LAST}"
        f" and ctid <> (select min(ctid) from hms.payments where id = {LAST})"
    )
    assert installation.build().release is not None
    assert installation.published(without="recorded_at") == figures


def _assert_all_else_is_published(
    installation: Installation, before: Published, after: Published, rows: list[dict[str, Any]]
) -> None:
    for mart in before:
        assert _of("demo_2", after[mart]) == _of("demo_2", before[mart]), mart
        assert _of("demo_3", after[mart]) == _of("demo_3", before[mart]), mart
    gone = {row["id"] for row in rows[:INVOICES]}
    touched = gone | {row["invoice_id"] for row in rows}
    position = next(
        [column.name for column in mart.columns].index("invoice_id")
        for mart in installation.marts()
        if mart.name == "invoice_balances"
    )
    balances = [_of("demo_1", each["invoice_balances"]) for each in (before, after)]
    kept = [[row for row in each if row[position] not in touched] for each in balances]
    assert kept[0] == kept[1]
    assert len(kept[0]) > 500
    assert not gone & {row[position] for row in balances[1]}


def _of(tenant: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row for row in rows if row[0] == tenant]


def _plant(installation: Installation) -> list[dict[str, Any]]:
    """Spoil a row of the first hospital for each kind of dirt; give the rows as they were."""
    rows = []
    with psycopg.connect(installation.source, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(UNGUARDED)
        taken: Counter[str] = Counter()
        for dirt in PLANTED:
            query = (
                f"select * from hms.{dirt.table} where hospital_id = 1 and {dirt.where}"
                f" order by id offset {taken[dirt.table]} limit 1"
            )
            row = connection.execute(query.encode()).fetchone()
            assert row is not None, dirt
            taken[dirt.table] += 1
            change = f"update hms.{dirt.table} set {dirt.change} where id = {row['id']}"
            connection.execute(change.encode())
            rows.append({"invoice_id": None, **row})
    return rows


def _put_back(installation: Installation, rows: list[dict[str, Any]]) -> None:
    with psycopg.connect(installation.source, autocommit=True) as connection:
        for dirt, row in zip(PLANTED, rows, strict=True):
            column = dirt.change.partition(" =")[0]
            query = f"update hms.{dirt.table} set {column} = %s where id = %s"
            connection.execute(query.encode(), (row[column], row["id"]))


def test_a_tenant_without_a_time_zone_is_held_and_the_others_move_on(
    installation: Installation, shown: Published, command: Command
) -> None:
    installation.run("update hms.hospitals set time_zone = null where id = 2")
    installation.run(
        "insert into hms.hospitals (id, code, name, time_zone, currency_code)"
        " values (4, 'N', 'New', 'Mars/Olympus', 'EUR')"
    )
    installation.run("update hms.departments set name = 'Renamed' where hospital_id = 1")
    assert installation.build().tenants == 2
    after = installation.published()
    assert any("Renamed" in row for row in after["dept_revenue_daily"])
    for mart in shown:
        assert _of("demo_2", after[mart]) == _of("demo_2", shown[mart]), mart
    amiss = _amiss(command)
    assert amiss["demo_2"]["held_because"] == "tenant without a time zone"
    assert amiss["demo_2"]["reads_release"] == 1
    assert amiss["demo_4"]["held_because"] == "tenant with unknown time zone Mars/Olympus"
    assert amiss["demo_4"]["reads_release"] is None
    installation.run("update hms.hospitals set time_zone = 'UTC' where id in (2, 4)")
    assert installation.build().tenants == 4
    assert _amiss(command) == {}


def _amiss(command: Command) -> dict[str, dict[str, Any]]:
    said = json.loads(command.run("status", "--json").out)
    return {row["tenant"]: row for row in said["amiss"]}


def test_an_audit_waits_for_what_has_landed(installation: Installation, command: Command) -> None:
    assert command.run("audit").exit_code == 0
    installation.run("update hms.payments set amount = amount + 1 where id = " + LAST)
    assert command.run("sync").exit_code == 0
    _assert_error(command.run("audit"), 2, "rows have landed that release 1 does not have")
    assert installation.build().release is not None
    assert command.run("audit").exit_code == 0


def test_a_row_of_a_file_that_belongs_nowhere_is_set_aside(
    databases: Databases, tmp_path: Path
) -> None:
    one = Case("north", "parts", 1, "USD")
    invoice = one.invoice(TODAY, Line("100"), parts=[(days(30), "50"), (days(60), "50")])
    one.payment(TODAY, "10", applied=[(TODAY, "10", invoice)])
    one.credit_note(TODAY, "10", invoice)
    command = Command.with_project(ALMONER_DSN=databases.create())
    load = ("load", str(tmp_path), "--source", "north", "--system", "hms")
    write([one], tmp_path)
    command.do(*load)
    command.do("build")
    stray = {
        "invoice_items": {"quantity": 1, "unit_price": 70},
        "payment_allocations": {"invoice_id": invoice, "amount": 5, "allocated_at": noon(TODAY)},
        "credit_note_items": {"net_amount": 5},
        "invoice_instalments": {"number": 3, "due_date": TODAY, "amount": 5},
    }
    for table, columns in stray.items():
        one.add(table, **columns)
    due = {"due_date": TODAY, "amount": 5}
    one.add("invoice_instalments", invoice_id=invoice, number=2, **due)
    one.add("invoice_instalments", invoice_id=invoice, number=4, amount=5)
    one.add("invoice_instalments", invoice_id=999, number=1, **due)
    money = {"currency_code": "USD", "amount": 15, "status": "completed"}
    back = {"type": "refund", "transacted_at": noon(TODAY), "payment_id": 999, **money}
    one.add("wallet_transactions", patient_id=one.patient, **back)
    wanted = {
        ("hms.invoice_items", "invoice_id: required, and missing"),
        ("hms.payment_allocations", "payment_id: required, and missing"),
        ("hms.credit_note_items", "credit_note_id: required, and missing"),
        ("hms.invoice_instalments", "invoice_id: required, and missing"),
        ("instalments", "instalment with the number of another"),
        ("instalments", "instalment without its due date"),
        ("instalments", "instalment without its invoice"),
        ("wallet_transactions", "wallet refund without its payment"),
    }
    write([one], tmp_path)
    command.do(*load)
    for options in ([], ["--full"]):
        command.do("build", *options)
        with db.connect(command.environment["ALMONER_DSN"]) as connection:
            aside = db.rows(connection, "select * from core.fct_quarantined_rows")
            parts = db.rows(connection, "select * from core.fct_instalments")
        assert {(row["entity"], row["reject_reason"]) for row in aside} == wanted
        assert [row["amount"] for row in parts] == [50, 50]


# -- sources that cannot be read -------------------------------------------------------------


UNREACHABLE = [
    ({"port": 1}, "Connection refused"),
    ({"password": "wrong"}, 'password authentication failed for user "almoner"'),
    ({"dbname": "gone"}, 'database "gone" does not exist'),
    ({"host": "nowhere.invalid"}, "failed to resolve host"),
]


def test_an_unreachable_source(
    installation: Installation, shown: Published, command: Command
) -> None:
    for change, reason in UNREACHABLE:
        command.configure(_source(make_conninfo(installation.source, **change)))
        said = command.run("build")
        _assert_error(said, 3, "cannot reach source demo at ", reason)
        assert "sources.demo in almoner.yml" in said.err
        assert str(conninfo_to_dict(installation.source)["password"]) not in said.err
    assert installation.shows(shown)


BREACHES = [
    ("alter table hms.invoices rename due_date to due_on", "hms.invoices has no column due_date"),
    (
        "alter table hms.invoices rename due_on to due_date;"
        "alter table hms.invoices alter due_date type text",
        "hms.invoices.due_date is text, the contract says date",
    ),
    ("drop table hms.invoices cascade", "hms.invoices does not exist or may not be read"),
    ("drop schema hms cascade", "hms.hospitals does not exist"),
]


def test_a_source_that_breaks_its_contract(
    installation: Installation, shown: Published, command: Command
) -> None:
    installation.run("update hms.hospitals set name = name || '!'")
    for breach, message in BREACHES:
        installation.run(breach)
        _assert_error(command.run("build"), 2, f"source demo: {message}")
        with installation.connect() as connection:
            last = releases.listing(connection)[0]
        assert last["state"] == "reverted"
        assert message in last["reason"]
    assert installation.shows(shown)


def test_rows_that_vanish_in_masses_stop_the_build(
    installation: Installation, shown: Published, command: Command
) -> None:
    installation.run(UNGUARDED)
    installation.run("delete from hms.payments where id % 2 = 0")
    said = command.run("build")
    _assert_error(said, 1, "rows of payments have vanished")
    assert "--accept-deletions" in said.err
    assert installation.shows(shown)


# -- lost connections and a second builder ---------------------------------------------------


def test_a_lost_connection(installation: Installation, shown: Published) -> None:
    installation.live(1)
    builder = Builder(installation.settings, installation.target)
    sabotages = {
        "source demo": Sabotage(installation.source, "landed"),
        "Almoner's database: term": Sabotage(installation.target, "landed"),
        "Almoner's database: model fct_": SabotageOfDbt(installation.target),
        "publishing release": Sabotage(installation.target, "publish"),
    }
    for what, sabotage in sabotages.items():
        with pytest.raises(DatabaseError, match=f"lost the connection .*{what}") as caught:
            builder.build(sabotage)
        assert caught.value.exit_code == 3
        assert "`almoner build`" in caught.value.hint
        assert installation.shows(shown)
    assert builder.build(Silent()).release is not None
    assert not installation.shows(shown)


def test_a_second_builder_is_told_to_wait(
    installation: Installation, shown: Published, command: Command
) -> None:
    with installation.connect() as connection, releases.builder(connection):
        for arguments in (["build"], ["sync"], ["releases", "rollback", "--to", "1"]):
            _assert_error(command.run(*arguments), 4, "another build is running")
    assert installation.shows(shown)


def test_commands_that_meet_on_a_new_database_do_not_disturb_each_other(
    databases: Databases,
) -> None:
    target = databases.create()

    def prepare(_: int) -> None:
        with db.connect(target) as connection:
            releases.prepare(connection)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare, range(8)))


# -- options and names -----------------------------------------------------------------------

EXPORT = ("export", "dept_revenue_daily", "--tenant", "demo_1", "--out", "-")
AGEING = ("export", "ar_aging", "--tenant", "demo_1", "--out", "-")
ASIDE = ("export", "set_aside_rows", "--tenant", "demo_1", "--out", "-")
HEAD = ("access", "grant", "--tenant", "demo_1", "--role", "department_head")
DOCTOR = ("access", "grant", "--tenant", "demo_1", "--role", "doctor")


WRONG_NAMES = [
    (("marts", "nope"), 2, "there is no mart nope"),
    (("export", "nope", "--tenant", "demo_1", "--out", "-"), 2, "there is no mart nope"),
    (("export", "ar_aging", "--tenant", "x", "--out", "-"), 2, "there is no tenant x"),
    (("access", "grant", "--tenant", "x"), 2, "there is no tenant x"),
    (("access", "grant", "--tenant", "demo_1", "--login", "A B"), 2, "'A B' cannot be"),
    ((*HEAD, "--department", "99999"), 2, "demo_1 has no department 99999"),
    ((*DOCTOR, "--practitioner", "99999"), 2, "demo_1 has no practitioner 99999"),
    (("access", "revoke", "nobody_here"), 2, "there is no login nobody_here"),
    (("releases", "show", "99"), 2, "there is no release 99"),
    (("releases", "rollback", "--to", "99"), 2, "release 99 was never published"),
    (("releases", "rollback"), 2, "no earlier published release"),
    (AGEING, 2, "ar_aging holds for a day"),
    ((*AGEING, "--as-of", "2026-10-31", "--to", "2026-10-31"), 2, "--as-of goes without"),
    ((*EXPORT, "--from", "2026-10-31", "--to", "2026-10-01"), 2, "2026-10-31 is after --to"),
    ((*ASIDE, "--from", "2026-10-31"), 2, "set_aside_rows has no date"),
    ((*EXPORT[:-1], "/nowhere/file.csv"), 2, "cannot write /nowhere/file.csv"),
    ((*EXPORT[:-1], "/"), 2, "cannot write /: it is a directory"),
    (("new", "mart", "Nope!"), 2, "'Nope!'"),
    (("new", "mart", "ar_aging"), 2, "a model ar_aging exists"),
    (("demo", "live"), 2, "there is no demo database"),
    (("db", "create", "postgres"), 2, "the database postgres exists"),
    (("db", "start"), 2, "a server of your own is configured"),
]


def test_a_wrong_name_or_combination(command: Command) -> None:
    for arguments, exit_code, message in WRONG_NAMES:
        said = command.run(*arguments)
        _assert_error(said, exit_code, message)
        assert said.out == "", arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("buld",), "No such command 'buld'. Did you mean 'build'?"),
        (("build", "--ful"), "No such option '--ful'. Did you mean '--full'?"),
        (("export",), "Missing argument 'MART'"),
        (("export", "ar_aging", "--out", "-"), "Missing option '--tenant'"),
        ((*AGEING, "--as-of", "31.10.2026"), "'31.10.2026' is no date such as 2026-10-31"),
        ((*EXPORT, "--format", "xlsx"), "'xlsx' is not 'csv'"),
        (("releases", "show", "last"), "'last' is not a valid integer"),
        (("demo", "create", "--tenants", "0"), "0 is not in the range"),
    ],
)
def test_a_wrong_option(arguments: tuple[str, ...], message: str) -> None:
    said = Command.with_project().run(*arguments)
    assert said.exit_code == 2
    assert message in said.err
    assert "--help" in said.err


def test_without_a_source_or_a_release_the_next_step_is_told(databases: Databases) -> None:
    command = Command.with_project(ALMONER_DSN=databases.create())
    for name in ("build", "sync"):
        _assert_error(command.run(name), 2, "no source is configured")
    _assert_error(command.run(*EXPORT), 2, "there is no mart dept_revenue_daily")
    for arguments, hint in (
        (("status",), "`almoner demo create`"),
        (("marts",), "`almoner build`"),
        (("releases", "list"), "`almoner build`"),
        (("access", "list"), "`almoner access grant"),
    ):
        said = command.run(*arguments)
        assert (said.exit_code, said.err) == (0, "")
        assert hint in said.out


# -- almoner.yml -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour: red", "almoner.yml: colour: there is no such setting; there are database,"),
        ("sources: {demo: {system: hms, database: x, port: 1}}", "sources.demo.port: there is no"),
        ("deletion_limit_percent: lots", "deletion_limit_percent: must be a valid number"),
        ("deletion_limit_percent: 101", "deletion_limit_percent: must be less than"),
        ("sources: {demo: {system: hms, database: 7}}", "sources.demo.database: must be a"),
        ("sources: {demo: {system: hms}}", "sources.demo: give either dsn or database"),
        ("sources: {demo: null}", "sources.demo: must hold"),
        ("sources: [hms]", "sources must hold sources by name"),
        ("sources: {Demo: {system: hms, database: x}}", "source 'Demo': a name has lower-case"),
        ("sources: {demo: {system: sap, database: x}}", "no source system is called 'sap'"),
        ("sources: {demo: {system: hms, dsn: secret}}", "sources.demo.dsn: must be a DSN"),
        ("database: secret", "almoner.yml: database: must be a DSN"),
        ("sources: {demo: {system: hms, dsn: 'host=${NOWHERE}'}}", "names ${NOWHERE}"),
        ("a: b: secret", "almoner.yml line 1 is not valid YAML: mapping values are not allowed"),
        ("- 1", "almoner.yml must hold settings by name"),
        ("a: \x00", "almoner.yml is not valid YAML"),
    ],
)
def test_a_bad_almoner_yml(text: str, message: str) -> None:
    command = Command.with_project()
    command.configure(text)
    for name in ("build", "status"):
        said = command.run(name)
        _assert_error(said, 2, message)
        assert "secret" not in said.err


def test_a_bad_dsn_in_the_environment() -> None:
    command = Command.with_project(ALMONER_DSN="secret")
    _assert_error(command.run("status"), 2, "ALMONER_DSN must be a DSN")


def test_variables_are_filled_in_after_the_file_is_read() -> None:
    command = Command.with_project(PASSWORD="p: #{", ALMONER_DSN="")
    command.configure("# ${NOWHERE}\ndatabase: host=127.0.0.1 port=1 password='${PASSWORD}'")
    said = command.run("status")
    _assert_error(said, 3, "cannot reach Almoner's database at 127.0.0.1:1/: Connection refused")
    assert "p: #{" not in said.err


# -- as cron sees it -------------------------------------------------------------------------


def test_a_process_of_its_own_tells_an_error_without_a_traceback(
    installation: Installation, command: Command
) -> None:
    installation.run("alter table hms.invoices drop due_date")
    done = command.spawn("build", "--json")
    assert done.returncode == 2
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["error"], last["exit_code"]) == ("contract", 2)
    assert last["message"] == "source demo: hms.invoices has no column due_date"
    told = done.stderr.decode().splitlines()
    assert told == [f"error: {last['message']}", f"hint:  {last['hint']}"]


# -- sabotage --------------------------------------------------------------------------------


class Sabotage(Silent):
    """Ends the sessions of a database when a build comes to a point."""

    def __init__(self, url: str, at: str) -> None:
        self._url = url
        self._at = at

    def _come_to(self, point: str) -> None:
        if point == self._at:
            self._at = ""
            with psycopg.connect(self._url, autocommit=True) as connection:
                assert _end_sessions(connection, "application_name = 'almoner'")

    def stage(self, name: str, detail: str = "") -> None:
        self._come_to(name)

    def landed(self, landing: object) -> None:
        self._come_to("landed")


class SabotageOfDbt(Silent):
    """Ends a session in which dbt builds what the journal is needed for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = threading.Thread(target=self._wait_and_end)

    def stage(self, name: str, detail: str = "") -> None:
        if name == "dbt":
            self._thread.start()

    def _wait_and_end(self) -> None:
        with psycopg.connect(self._url) as holder, psycopg.connect(self._url) as watcher:
            watcher.autocommit = True
            holder.execute("lock table store.fct_postings in access exclusive mode")
            blocked = f"{holder.info.backend_pid} = any(pg_blocking_pids(pid))"
            while not _end_sessions(watcher, blocked):
                time.sleep(0.05)


def _end_sessions(connection: psycopg.Connection[Any], which: str) -> bool:
    query = (
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        f" where datname = current_database() and pid <> pg_backend_pid() and {which}"
    )
    return bool(connection.execute(query.encode()).fetchall())
