"""A copy of the project that a test edits."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.conftest import ROOT

MODEL = "models/core/finance/fct_invoices"


class Edited:
    """A copy of the project, of which a model gains, changes and loses columns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for name in ("models", "macros", "seeds", "snapshots", "tests"):
            ignored = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        shutil.copy(ROOT / "dbt_project.yml", root)
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
