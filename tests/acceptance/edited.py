"""A copy of the project that a test edits."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.conftest import ROOT

MODEL = "models/core/finance/fct_invoices"


FOLDERS = ("models", "macros", "seeds", "snapshots", "tests")


class Edited:
    """A copy of the project, of which a model gains, changes and loses columns.

    Where there was one before, what was edited in it is put back: the rest need not be parsed
    again. A file put back is a new one, as dbt takes a yml of the same time for the same.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        files = [path for name in FOLDERS for path in (ROOT / name).rglob("*") if _is_read(path)]
        ours = {root / path.relative_to(ROOT): path for path in (*files, ROOT / "dbt_project.yml")}
        for copy in root.rglob("*"):
            if copy.is_file() and copy not in ours:
                copy.unlink()
        for copy, path in ours.items():
            if not copy.is_file() or copy.read_bytes() != path.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
        self._sql, self._yml = (root / f"{MODEL}{suffix}" for suffix in (".sql", ".yml"))
        self._select, self._about = self._sql.read_text(), self._yml.read_text()

    def add(self, name: str, data_type: str, expression: str) -> None:
        """Let the model have one column more than it began with."""
        body, _, last = self._select.rstrip().rpartition("select * from ")
        self._sql.write_text(
            f"{body}select *, ({expression})::{data_type} as {name} from {last}\n"
        )
        content = yaml.safe_load(self._about)
        column = {"name": name, "data_type": data_type, "description": "Added."}
        content["models"][0]["columns"].append(column)
        self._yml.write_text(yaml.safe_dump(content, sort_keys=False))

    def edit(self, file: str, before: str, after: str) -> None:
        """Replace a text that a file of the project has."""
        path = self.root / file
        assert before in path.read_text(), file
        path.write_text(path.read_text().replace(before, after, 1))

    def take_back(self) -> None:
        self._sql.write_text(self._select)
        self._yml.write_text(self._about)


def _is_read(path: Path) -> bool:
    """Tell files that dbt reads from tests and what Python makes of them."""
    return path.is_file() and path.suffix not in {".py", ".pyc"}
