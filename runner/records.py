"""The records of a CSV or Parquet file, as CSV that PostgreSQL's COPY reads.

Each record gets the number of its file and line, and what is wrong with it as a whole, in front.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from runner.contracts import Table
from runner.errors import ContractError
from runner.files import File

LONGEST = 16 * 1024 * 1024  # bytes of one record
KEPT = 10_000  # characters of a record that is no row
KEPT_NAMES = 200  # characters of the columns that a file has instead
BLOCK = 256 * 1024
BATCH = 2_048  # rows
BOM = b"\xef\xbb\xbf"
UNREADABLE = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass
class Records:
    """The records of one file: the contract's columns in its order, and the rows counted so far.

    `unknown` are the columns that the contract does not name; they are left behind.
    """

    file: File
    number: int
    table: Table
    columns: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    count: int = 0

    def blocks(self) -> Iterator[bytes]:
        """Give the records in blocks, having read first what columns there are.

        Raises `ContractError` for a file that cannot be read, or lacks a column that must be.
        """
        try:
            yield from self._parquet() if self.file.is_parquet else self._csv()
        except (*UNREADABLE, csv.Error) as error:
            raise self._refused(str(error)) from error
        if not self.file.is_as_found():
            raise self._refused("it changed while it was read")

    def head(self) -> None:
        """Find out what columns the file has."""
        next(iter(self.blocks()), None)

    def _name(self, names: list[str]) -> list[int]:
        """Match the file's columns with the contract's; give the places of those that it names."""
        ours = {column.source_name: column.name for column in self.table.columns}
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise self._refused(f"it has two columns {twice[0]}")
        needed = {*self.table.key, *self.table.required, self.table.tenant} - {None}
        for column in self.table.columns:
            if column.name in needed and column.source_name not in names:
                found = ", ".join(map(repr, names))[:KEPT_NAMES]
                raise self._refused(f"it has no column {column.source_name}, but {found}")
        self.columns = [ours[name] for name in names if name in ours]
        self.unknown = [name for name in names if name not in ours]
        return [place for place, name in enumerate(names) if name in ours]

    def _refused(self, reason: str) -> ContractError:
        return ContractError(
            f"{self.file.path}: {reason}",
            "mend the file (models/staging/README.md, Files), then run `almoner load` again",
        )

    # -- CSV ---------------------------------------------------------------------------------

    def _csv(self) -> Iterator[bytes]:
        path = self.file.path
        with gzip.open(path) if self.file.is_compressed else path.open("rb") as stream:
            yield from self._csv_of(_Lines(stream))

    def _csv_of(self, lines: _Lines) -> Iterator[bytes]:
        first = lines.header()
        if _is_broken(first):
            raise self._refused("its lines end with a carriage return alone, not LF or CRLF")
        try:
            names = next(csv.reader(io.StringIO(first.decode(), newline="")), [])
        except UnicodeDecodeError as error:
            raise self._refused("it is not UTF-8") from error
        if not names:
            raise self._refused("it has no line of column names")
        places = self._name(names)
        yield b""
        gathered: list[bytes] = []
        size = 0
        for line, record, problem in lines.records(len(names)):
            self.count += 1
            gathered.append(self._written(line, record, problem, places))
            size += len(gathered[-1])
            if size > BLOCK:
                yield b"".join(gathered)
                gathered.clear()
                size = 0
        yield b"".join(gathered)

    def _written(self, line: int, record: bytes, problem: str | None, places: list[int]) -> bytes:
        """Write a record for COPY; one with a problem as it stands, if the file has no more."""
        if problem is None:
            if self.unknown:
                fields = _fields(record)
                record = b",".join([fields[place] for place in places])
            return b"%d,%d,,,%b\n" % (self.number, line, record)
        text = record.decode(errors="replace").replace("\0", "\ufffd")[:KEPT]
        kept = "(not kept: the file has columns that the contract does not name)"
        spoilt = kept if self.unknown else text
        empty = b"," * len(places)
        return b"%d,%d,%b,%b%b\n" % (self.number, line, _quoted(problem), _quoted(spoilt), empty)

    # -- Parquet -----------------------------------------------------------------------------

    def _parquet(self) -> Iterator[bytes]:
        import pyarrow as pa
        from pyarrow import parquet

        # the other pools keep what they have freed
        pa.set_memory_pool(pa.system_memory_pool())
        try:
            with parquet.ParquetFile(self.file.path, buffer_size=BLOCK, pre_buffer=False) as found:
                names = list(found.schema_arrow.names)
                wanted = [names[place] for place in self._name(names)]
                yield b""
                for batch in found.iter_batches(BATCH, columns=wanted, use_threads=False):
                    yield self._batch(pa, batch)
        except (pa.ArrowException, OSError) as error:
            raise self._refused(str(error).splitlines()[0]) from error

    def _batch(self, pa: Any, batch: Any) -> bytes:
        """Write a batch as CSV: every text quoted, so that null and the empty text differ."""
        from pyarrow import csv as arrow_csv

        size = batch.num_rows
        lines = pa.array(range(self.count + 1, self.count + size + 1), pa.int64())
        columns = [pa.array([self.number] * size), lines]
        texts = [self._text(pa, name, batch.column(name)) for name in batch.schema.names]
        columns += self._problems(pa, texts, size)
        self.count += size
        rows = pa.RecordBatch.from_arrays(columns, [str(n) for n in range(len(columns))])
        sink = io.BytesIO()
        plain = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
        arrow_csv.write_csv(rows, sink, plain)
        return sink.getvalue()

    def _text(self, pa: Any, name: str, values: Any) -> Any:
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
            raise self._refused(f"its column {name} is {values.type}, which has no text")
        if pa.types.is_timestamp(values.type) and values.type.tz:
            values = values.cast(pa.timestamp(values.type.unit, "UTC"))
        return values.cast(pa.string())

    def _problems(self, pa: Any, texts: list[Any], size: int) -> list[Any]:
        """Give what is wrong with each row, what is kept of it, and the texts that can land."""
        from pyarrow import compute

        spoilt = pa.array([False] * size)
        for values in texts:
            found = compute.match_substring(values, "\0").fill_null(False)
            spoilt = compute.or_(spoilt, found)
        none = pa.array([None] * size, pa.string())
        if not compute.any(spoilt).as_py():
            return [none, none, *texts]
        reason, kept = "a text with a NUL character", "(a text with a NUL character)"
        problem = compute.if_else(spoilt, reason, none)
        return [
            problem,
            compute.if_else(spoilt, kept, none),
            *(compute.if_else(spoilt, pa.scalar(None, pa.string()), each) for each in texts),
        ]


class _Lines:
    """The lines of a CSV file, put together where a quoted value goes over several."""

    def __init__(self, stream: gzip.GzipFile | BinaryIO) -> None:
        self._stream = stream
        self._number = 0
        self._pending: deque[tuple[int, bytes]] = deque()

    def header(self) -> bytes:
        """Give the first record, without a byte order mark."""
        _, line = self._next()
        line = line.removeprefix(BOM)
        while line.count(b'"') % 2 and len(line) < LONGEST:
            _, more = self._next()
            if not more:
                break
            line += more
        return _stripped(line)

    def records(self, width: int) -> Iterator[tuple[int, bytes, str | None]]:
        """Give each record with the number of its first line, and what is wrong with it."""
        while True:
            number, line = self._next()
            if not line:
                return
            if line.count(b'"') % 2 and len(line) <= LONGEST:
                yield self._several(number, line, width)
                continue
            record = _stripped(line)
            if record:
                yield number, record, _problem(record, width)

    def _several(self, number: int, line: bytes, width: int) -> tuple[int, bytes, str | None]:
        """Add lines until the quotes close; if that gives no record, take the first line alone."""
        added: list[tuple[int, bytes]] = []
        size, is_open = len(line), True
        while is_open and size <= LONGEST:
            added.append(self._next())
            more = added[-1][1]
            if not more:
                added.pop()
                break
            size += len(more)
            is_open = more.count(b'"') % 2 == 0
        record = _stripped(b"".join([line, *(more for _, more in added)]))
        if not is_open and _count(record) == width:
            return number, record, _problem(record, width)
        self._pending.extendleft(reversed(added))
        return number, _stripped(line), "a quote that does not close"

    def _next(self) -> tuple[int, bytes]:
        """Give the next line with its number, empty at the end; of a longer one, the beginning."""
        if self._pending:
            return self._pending.popleft()
        line = self._stream.readline(LONGEST + 1)
        self._number += 1
        rest = line
        while len(rest) > LONGEST and rest[-1:] != b"\n":
            rest = self._stream.readline(LONGEST + 1)
        return self._number, line


def _stripped(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _count(record: bytes) -> int:
    """Count fields as COPY does: each quote opens or closes, wherever it stands."""
    if b'"' not in record:
        return record.count(b",") + 1
    return sum(part.count(b",") for part in record.split(b'"')[::2]) + 1


def _problem(record: bytes, width: int) -> str | None:
    if len(record) > LONGEST:
        return f"a record of more than {LONGEST // 1024 // 1024} MB"
    if (count := _count(record)) != width:
        return f"{'too few' if count < width else 'too many'} fields: {count} of {width}"
    if b"\0" in record:
        return "a text with a NUL character"
    if _is_broken(record):
        return "a carriage return outside quotes"
    try:
        record.decode()
    except UnicodeDecodeError as error:
        return f"no UTF-8 at its byte {error.start + 1}"
    return None


def _is_broken(record: bytes) -> bool:
    """Tell whether there is a carriage return outside quotes, which ends no line."""
    return b"\r" in record and any(b"\r" in part for part in record.split(b'"')[::2])


def _fields(record: bytes) -> list[bytes]:
    """Split a record into its fields as they stand, quotes included."""
    if b'"' not in record:
        return record.split(b",")
    fields = [b""]
    for place, part in enumerate(record.split(b'"')):
        pieces = [part] if place % 2 else part.split(b",")
        fields[-1] += (b'"' if place else b"") + pieces[0]
        fields += pieces[1:]
    return fields


def _quoted(text: str) -> bytes:
    return b'"' + text.replace('"', '""').encode() + b'"'
