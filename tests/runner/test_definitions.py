"""What decides that a model is recomputed is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
