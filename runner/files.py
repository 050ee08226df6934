"""The files of a directory: which table of a contract each is of, and whether it is as before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.contracts import Contract, Table
from runner.errors import ContractError

ENDINGS = (".csv", ".csv.gz", ".parquet")
BLOCK = 1024 * 1024


@dataclass(frozen=True)
class File:
    """A file with rows of a table, as it stood when it was found."""

    path: Path
    size: int
    modified_ns: int

    @property
    def is_parquet(self) -> bool:
        return self.path.name.endswith(".parquet")

    @property
    def is_compressed(self) -> bool:
        return self.path.name.endswith(".gz")

    def sha256(self) -> str:
        """Read the file for its digest."""
        digest = hashlib.sha256()
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def is_as_found(self) -> bool:
        """Tell whether the file still has the size and the time it was found with."""
        return self == _found(self.path)


def find(directory: Path, contract: Contract) -> dict[str, list[File]]:
    """Map the source names of tables to their files: one, or the parts in a directory, in order.

    What begins with `.` or `_` is passed over. Raises `ContractError` for what names no table
    of the contract, for a table named twice and for a directory without a part.
    """
    if not directory.is_dir():
        raise ContractError(
            f"there is no directory {directory}", f"`ls {directory.parent}` shows what there is"
        )
    known = {table.source_name: table for table in contract.tables}
    found: dict[str, list[File]] = {}
    for path in _visible(directory):
        name = path.name if path.is_dir() else _stem(path)
        if name not in known:
            raise ContractError(
                f"{path} names no table of the system {contract.system}; it has"
                f" {', '.join(sorted(known))}",
                f"name it as its table with {', '.join(ENDINGS)}, or take it away; then run"
                " `almoner load` again",
            )
        if name in found:
            raise ContractError(
                f"{path} is a second file of {name}",
                f"put both into the directory {directory / name} as parts of it, then run"
                " `almoner load` again",
            )
        found[name] = _parts(path) if path.is_dir() else [_found(path)]
    return found


def of_table(found: dict[str, list[File]], table: Table) -> list[File]:
    """Give the files of a table: none if it is not to be touched."""
    return found.get(table.source_name, [])


def _visible(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.iterdir()) if path.name[0] not in "._")


def _stem(path: Path) -> str | None:
    return next(
        (path.name.removesuffix(ending) for ending in ENDINGS if path.name.endswith(ending)), None
    )


def _parts(directory: Path) -> list[File]:
    parts = list(_visible(directory))
    strange = [path for path in parts if _stem(path) is None]
    if strange or not parts:
        what = f"{strange[0]} is none of" if strange else f"{directory} has none of"
        raise ContractError(
            f"{what} {', '.join(ENDINGS)}",
            f"`ls {directory}` shows its parts; mend that, then run `almoner load` again",
        )
    return sorted(map(_found, parts), key=lambda part: part.path)


def _found(path: Path) -> File:
    stat = path.stat()
    return File(path.resolve(), stat.st_size, stat.st_mtime_ns)
