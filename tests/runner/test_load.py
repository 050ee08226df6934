"""Loading files: what they hold is in raw afterwards, or set aside with the reason."""

from __future__ import annotations

import gzip
import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from runner import contracts, landing_only, load
from runner.deletions import DeletionError, Limit
from runner.errors import ConfigError, ContractError
from runner.settings import Settings, Source, for_files
from tests.conftest import Databases

TABLES = [
    table for table in contracts.load("hms").tables if table.name in ("departments", "invoices")
]
DEPARTMENTS = next(table for table in TABLES if table.name == "departments")
HEAD = "id,hospital_id,code,name,kind,is_active,updated_at"
ROW = "{id},1,{id},Ward {id},clinical,true,2026-01-01T10:00:00Z"


@dataclass
class Folder:
    """A directory of files, and Almoner's own database."""

    path: Path
    target: str
    landings: dict[str, load.FileLanding] = field(default_factory=dict)

    def write(self, name: str, *lines: str, head: str = HEAD, end: str = "\n") -> Path:
        """Write a file: its column names and lines."""
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        text = end.join([head, *lines]) + end
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        return path

    def load(self, **options: Any) -> load.FileLanding:
        """Land the files; give what came of departments."""
        limit = options.pop("limit", Limit(100))
        batch = load.Batch("north", "hms", self.path, limit, **options)
        landings = landing_only.from_files(Settings(), self.target, batch)
        self.landings = {
            each.table.name: each for each in landings if isinstance(each, load.FileLanding)
        }
        nothing = load.FileLanding("north", DEPARTMENTS, 0, 0, 0, 0)
        return self.landings.get("departments", nothing)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.target) as connection:
            return connection.execute(query.encode()).fetchall()

    def ids(self) -> list[int]:
        return [row[0] for row in self.rows("select id from raw_hms.departments order by id")]

    def aside(self) -> list[tuple[Any, ...]]:
        """Give what is set aside: reason, line and tenant."""
        return self.rows("select reason, line, tenant_id from quarantine.rows order by line")


@pytest.fixture
def folder(databases: Databases, tmp_path: Path) -> Folder:
    return Folder(tmp_path, databases.create())


def _counts(landing: load.FileLanding) -> tuple[int, int, int]:
    assert landing.read == landing.kept + landing.aside
    return landing.read, landing.landed, landing.aside


def _rows(*ids: int) -> list[str]:
    return [ROW.format(id=number) for number in ids]


def test_a_file_is_the_whole_table(folder: Folder) -> None:
    folder.write("departments.csv", *_rows(1, 2, 3))
    assert _counts(folder.load()) == (3, 3, 0)
    assert folder.load().read == 0, "what is as it was is passed over"
    folder.write("departments.csv", *_rows(1, 3, 4), ROW.format(id=5).replace("Ward", "Hall"))
    landing = folder.load()
    assert (_counts(landing), landing.deleted) == ((4, 2, 0), 1)
    assert folder.ids() == [1, 3, 4, 5]
    found = folder.rows("select distinct source_id, tenant_id from raw_hms.departments")
    assert found == [("north", "north_1")]


def test_what_is_appended_takes_nothing_away(folder: Folder) -> None:
    folder.write("departments.csv", *_rows(1, 2))
    folder.load()
    folder.write("departments.csv", ROW.format(id=2).replace("Ward", "Hall"), *_rows(3))
    assert _counts(folder.load(is_appended=True)) == (2, 2, 0)
    assert folder.ids() == [1, 2, 3]


def test_files_compressed_in_parts_and_in_any_order_of_columns(folder: Folder) -> None:
    folder.write("departments/1.csv.gz", *_rows(1), end="\r\n")
    folder.write("departments/2.csv", "9,true,2", "9,,3", head="hospital_id,secret,id")
    with pytest.raises(ContractError, match=r"2\.csv: it has no column updated_at, but 'hos"):
        folder.load()
    folder.write(
        "departments/2.csv", '9,true,2,2026-01-01,"a ""b"", c"', '9,,3,2026-01-01,""',
        head="\ufeffhospital_id,secret,id,updated_at,name",
    )  # fmt: skip
    landing = folder.load()
    assert (_counts(landing), landing.unknown) == ((3, 3, 0), ("secret",))
    assert folder.rows(
        "select tenant_id, name, code, updated_at at time zone 'UTC' = '2026-01-01'"
        " from raw_hms.departments where id > 1 order by id"
    ) == [("north_9", 'a "b", c', None, True), ("north_9", "", None, True)]


BAD = {
    "x,1,,,,,2026-01-01": 'id: invalid input syntax for type bigint: "x"',
    "8,1,,,,maybe,now": 'is_active: invalid input syntax for type boolean: "maybe"; '
    'updated_at: no ISO 8601 date: "now"',
    "9,,,,,,2026-01-01": "hospital_id: required, and missing",
    ",1,,,,,2026-01-01": "row without its key",
    "10,1,,": "too few fields: 4 of 7",
    "11,1,,,,,2026-01-01,": "too many fields: 8 of 7",
    "12,1,,,,,31.01.2026": 'updated_at: date/time field value out of range: "31.01.2026"',
    '13,"1,,,,,2026-01-01': "a quote that does not close",
    "1,1,,,,,2025-12-31": None,
}


def test_a_bad_row_is_set_aside_with_what_is_wrong_until_it_is_mended(folder: Folder) -> None:
    folder.write("departments.csv", *BAD, *_rows(1, 2))
    landing = folder.load()
    assert _counts(landing) == (11, 2, 9)
    assert folder.ids() == [1, 2]
    told = {line: reason for reason, line, _ in folder.aside()}
    for line, reason in enumerate(BAD.values(), start=2):
        assert told[line] == (reason or "duplicate key")
    files = folder.rows(
        "select rows_read, rows_landed, rows_quarantined from almoner.landed_files"
    )
    assert files == [(11, 2, 9)]
    folder.write("departments.csv", *_rows(1, 2, 8, 9))
    landing = folder.load()
    assert (landing.landed, landing.quarantined, landing.mended) == (2, 0, 9)
    assert folder.aside() == []


def test_text_that_is_no_utf_8(folder: Folder) -> None:
    path = folder.write("departments.csv", *_rows(1))
    path.write_bytes(path.read_bytes() + b"2,1,\xff,,,,2026-01-01\n3,1,\0,,,,2026-01-01\n")
    assert _counts(folder.load()) == (3, 1, 2)
    assert [reason for reason, *_ in folder.aside()] == [
        "no UTF-8 at its byte 5", "a text with a NUL character",
    ]  # fmt: skip


def test_lines_that_end_otherwise_and_text_of_another_encoding(folder: Folder) -> None:
    path = folder.write("departments.csv", *_rows(1, 2), end="\r")
    with pytest.raises(ContractError, match="end with a carriage return alone"):
        folder.load()
    head, *rows = path.read_bytes().decode().split("\r")
    path.write_bytes(f"{head}\r".encode() + "\n".join(rows).encode())
    with pytest.raises(ContractError, match="end with a carriage return alone"):
        folder.load()
    path.write_text("\n".join((head, *rows)), "utf-16")
    with pytest.raises(ContractError, match="it is not UTF-8"):
        folder.load()


STRANGE = {
    "nurses.csv": "names no table of the system hms",
    "departments.txt": "names no table of the system hms",
    "departments/notes.txt": "is none of .csv",
    "departments.csv.gz": "no gzip",
}


def test_a_file_that_cannot_be_read_is_named(folder: Folder) -> None:
    for name, message in STRANGE.items():
        path = folder.write(name, *_rows(1))
        if name.endswith(".gz"):
            path.write_text("no gzip")
        with pytest.raises(ContractError, match=rf"{path.name}|{message}"):
            folder.load()
        shutil.rmtree(path.parent) if path.parent != folder.path else path.unlink()
    folder.write("departments.csv", *_rows(1))
    folder.write("departments.csv.gz", *_rows(1))
    with pytest.raises(ContractError, match="is a second file of departments"):
        folder.load()


def test_masses_that_vanish_stop_the_load(folder: Folder) -> None:
    folder.write("departments.csv", *_rows(*range(1, 101)))
    folder.load()
    folder.write("departments.csv", *_rows(*range(1, 51)))
    with pytest.raises(DeletionError, match="50 of 100 rows of departments have vanished"):
        folder.load(limit=Limit(5.0))
    assert len(folder.ids()) == 100


# -- the same rows by either door ------------------------------------------------------------

TEXTS = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
NUMBERS = some.decimals(-10, 10**9, places=3, allow_nan=False).map(str)
INVOICES = ("id", "number", "total_amount", "due_date", "issued_at")
INVOICE = some.tuples(
    some.none() | TEXTS,
    some.none() | NUMBERS,
    some.none() | some.dates().map(str),
    some.none() | some.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00"),
)


def _csv(rows: Sequence[Sequence[str | None]], order: Sequence[int]) -> str:
    """Write rows as any program may: null is an empty field, a text may stand in quotes."""
    sink = io.StringIO()
    for row in rows:
        values = [row[place] for place in order]
        sink.write(",".join("" if value is None else _field(value) for value in values))
        sink.write("\r\n")
    return sink.getvalue()


def _field(value: str) -> str:
    is_plain = value and not set(value) & set('",\r\n')
    return value if is_plain else '"' + value.replace('"', '""') + '"'


LOOSE = """
do $$
declare guard record;
begin
    for guard in
        select conrelid::regclass as place, conname from pg_constraint
        where conrelid = 'hms.invoices'::regclass and contype <> 'p' and contype <> 'n'
    loop
        execute format('alter table %s drop constraint %I', guard.place, guard.conname);
    end loop;
end
$$;
alter table hms.invoices disable trigger user
"""


@pytest.fixture
def hms(databases: Databases, empty_hms: str) -> str:
    """Give a source database whose invoices may be anything."""
    url = databases.create(empty_hms)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LOOSE)
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = 'hms.invoices'::regclass"
            " and attnum > 0 and attnotnull and attname <> 'id'"
        ).fetchall():
            connection.execute(f"alter table hms.invoices alter {row[0]} drop not null".encode())
    return url


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=some.lists(INVOICE, max_size=12),
    order=some.permutations(range(7)),
    as_parquet=some.booleans(),
    is_compressed=some.booleans(),
)
@example([("a\r\n\\.\n\"b", "1.500", None, None), ("", None, "0001-01-01", None)],
         [6, 5, 4, 3, 2, 1, 0], False, True)  # fmt: skip
def test_files_and_a_database_with_the_same_rows_land_the_same(
    folder: Folder,
    hms: str,
    rows: list[tuple[str | None, ...]],
    order: list[int],
    as_parquet: bool,
    is_compressed: bool,
) -> None:
    names = [*INVOICES, "hospital_id", "updated_at"]
    whole = [
        (str(10 + number), *row, "1", "2026-10-31 12:00:00+00") for number, row in enumerate(rows)
    ]
    for path in folder.path.iterdir():
        path.unlink()
    if as_parquet:
        _write_parquet(folder.path / "invoices.parquet", names, whole)
    else:
        head = ",".join(names[place] for place in order) + "\r\n"
        data = (head + _csv(whole, order)).encode()
        end = ".csv.gz" if is_compressed else ".csv"
        path = folder.path / f"invoices{end}"
        path.write_bytes(gzip.compress(data) if is_compressed else data)
    folder.load(is_full=True)
    assert folder.landings["invoices"].kept == len(rows)
    with psycopg.connect(hms, autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("truncate hms.invoices cascade")
        for row in whole:
            marks = ", ".join("%s" for _ in names)
            query = f"insert into hms.invoices ({', '.join(names)}) values ({marks})"
            connection.execute(query.encode(), row)
    configured = Settings(sources={"hill": Source(system="hms", dsn=hms)})
    landing_only.from_sources(configured, folder.target, accept_deletions=True)
    ours, theirs = (
        folder.rows(
            f"select row({', '.join(names)})::text from raw_hms.invoices"
            f" where source_id = '{source}' order by id"
        )
        for source in ("north", "hill")
    )
    assert ours == theirs
    assert len(ours) == len(rows)


def _write_parquet(path: Path, names: list[str], rows: list[tuple[str | None, ...]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = {
        name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)
    }
    arrays["id"] = arrays["id"].cast(pa.int64())
    arrays["due_date"] = arrays["due_date"].cast(pa.date32())
    arrays["total_amount"] = arrays["total_amount"].cast(pa.decimal128(20, 3))
    parquet.write_table(pa.table(arrays), path)


# -- a source of files -----------------------------------------------------------------------


def test_a_source_of_files_is_read_at_every_sync(folder: Folder, tmp_path: Path) -> None:
    where = tmp_path / "north"
    folder.path = where
    folder.write("departments.csv", *_rows(1, 2))
    configured = Settings(sources={"north": Source(system="hms", files=where)})

    def sync() -> list[tuple[str, int, int]]:
        landings = landing_only.from_sources(configured, folder.target, accept_deletions=False)
        return [
            (each.table.name, each.landed, each.deleted) for each in landings if each.is_change
        ]

    assert sync() == [("departments", 2, 0)]
    assert sync() == []
    path = folder.write("departments.csv", *_rows(1, 2))
    os.utime(path, (1, 1))
    assert sync() == [], "written again, with the same bytes"
    folder.write("departments.csv", *_rows(2, 3))
    assert sync() == [("departments", 1, 1)]
    assert folder.rows("select count(*), sum(rows_read) from almoner.landed_files") == [(2, 4)]


def test_rows_of_files_are_judged_again_when_the_contract_has_changed(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("departments.csv", "1,,,,,,2026-01-01", "2,,,,,maybe,2026-01-01", *_rows(3))
    assert _counts(folder.load()) == (3, 1, 2)
    (folder.path / "departments.csv").unlink()
    nothing = Settings()
    (told,) = landing_only.retry(nothing, folder.target, "north")
    assert (told.aside, told.mended, told.still_aside) == (2, 0, 2)
    columns = tuple(replace(column, is_required=False) for column in DEPARTMENTS.columns)
    lenient = replace(DEPARTMENTS, columns=columns)
    contract = contracts.Contract("hms", "hms", (lenient,))
    monkeypatch.setattr(contracts, "load_all", lambda: (contract,))
    (told,) = landing_only.retry(nothing, folder.target, None)
    assert (told.aside, told.mended, told.still_aside) == (2, 1, 1)
    assert folder.ids() == [1, 3]
    with pytest.raises(ConfigError, match="no row of source south could not land"):
        landing_only.retry(nothing, folder.target, "south")


def test_a_source_is_named_as_it_can_be_loaded() -> None:
    configured = Settings(
        sources={
            "north": Source(system="hms", files=Path("north")),
            "hill": Source(system="hms", database="hms"),
        }
    )
    wrong = [
        ("North", "hms", False, "'North' cannot be a source"),
        ("west", None, False, "source west is not in almoner.yml"),
        ("hill", None, False, "source hill is a database"),
        ("north", "gnuhealth", False, "source north follows the system hms"),
        ("north", None, True, "source north is read whole"),
        ("west", "sap", False, "no source system is called 'sap'"),
    ]
    for name, system, is_appended, message in wrong:
        with pytest.raises(ConfigError, match=message):
            for_files(configured, name, system, is_appended=is_appended)
    assert for_files(configured, "north", None, is_appended=False) == "hms"
    assert for_files(configured, "west", "gnuhealth", is_appended=True) == "gnuhealth"
