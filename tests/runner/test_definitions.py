"""What decides that a model is recomputed is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner import project
from runner.dbt import Dbt
from tests.acceptance.edited import Edited
from tests.conftest import ROOT

PRINT = """
from runner.dbt import Dbt
for node in Dbt("host=localhost").parse().values():
    print(node.unique_id, node.definition)
"""


def test_definitions_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """dbt keeps inputs in sets, whose order follows the hash seed."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", PRINT], cwd=ROOT, check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "ALMONER_STATE": str(tmp_path / seed)},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert printed[0]
    assert printed[0].splitlines() == printed[1].splitlines()


def test_a_yml_that_is_put_back_as_it_was_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `rsync -a` puts it back: with the time it had, by which dbt would take it for read."""
    edited = Edited(tmp_path)
    monkeypatch.setenv(project.VARIABLE, str(tmp_path))
    yml = tmp_path / "models" / "rollups" / "dates" / "reporting_periods.yml"
    before, written = _definitions(), yml.stat()
    told, another = "name: has_discharges\n", "name: has_left\n"
    edited.edit(str(yml), told, another)
    assert {name for name, digest in _definitions().items() if digest != before[name]} == {
        "model.almoner.reporting_periods"
    }
    edited.edit(str(yml), another, told)
    os.utime(yml, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert _definitions() == before


def _definitions() -> dict[str, str]:
    return {node.unique_id: node.definition for node in Dbt("host=localhost").parse().values()}
