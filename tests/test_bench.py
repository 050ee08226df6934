"""The benchmarks' bookkeeping: ratios, aims, and results that are kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import click
import pytest

from bench import __main__ as command
from bench import changes, record
from bench.grounds import Ground
from bench.measured import Result, shown
from bench.places import Place
from bench.volumes import Volume
from tests.conftest import ROOT

AIMED = Result("a build", 6.0, against="a copy", yardstick=2.0, most=3)
BESIDE = Result("a read", 0.0125, note="alone")


@pytest.mark.parametrize(
    ("result", "aim", "is_met"),
    [
        (AIMED, "≤ 3 ×", True),
        (replace(AIMED, value=6.1), "≤ 3 ×", False),
        (Result("memory", 150, "MB", most=150), "≤ 150 MB", True),
        (Result("memory", 151, "MB", most=150), "≤ 150 MB", False),
        (Result("export", 50, "rows/s", "copy", 100, least=0.5), "≥ 0.5 ×", True),
        (Result("export", 49, "rows/s", "copy", 100, least=0.5), "≥ 0.5 ×", False),
        (BESIDE, "", True),
    ],
)
def test_an_aim_bounds_the_ratio_or_else_the_value(result: Result, aim: str, is_met: bool) -> None:
    assert (result.aim, result.is_met) == (aim, is_met)


def test_values_have_their_unit() -> None:
    assert [shown(0.0125, "s"), shown(12.5, "s"), shown(99.6, "MB"), shown(12345, "rows/s")] == [
        "12.50 ms", "12.50 s", "100 MB", "12,345 rows/s",
    ]  # fmt: skip


def test_results_are_kept_and_reported(tmp_path: Path) -> None:
    made = record.Record("--tenants 1", {"invoices": 1200}, "a machine")
    made.keep("builds", [AIMED, replace(AIMED, what="another build", value=7)])
    made.keep("reads", [BESIDE])
    made.write(tmp_path, ["builds", "reads"])
    assert record.read(tmp_path) == made
    aims, beside = (tmp_path / "RESULTS.md").read_text().split("## Beside them")
    assert "| a build | 6.00 s | a copy | 2.00 s | 3 × | ≤ 3 × | met |" in aims
    assert "| another build | 7.00 s | a copy | 2.00 s | 3.5 × | ≤ 3 × | **missed** |" in aims
    assert "| a read | 12.50 ms |" in beside
    assert record.HONESTLY.read_text().strip() in aims


def test_a_run_replaces_only_what_it_measured(tmp_path: Path) -> None:
    ground = _ground(Volume(1, 2, 3))
    keep = command._kept(ground, tmp_path)
    keep("month", [AIMED])
    keep("screens", [BESIDE])
    command._kept(ground, tmp_path)("month", [replace(AIMED, value=5)])
    kept = record.read(tmp_path)
    assert kept is not None
    assert kept.results == {"month": [replace(AIMED, value=5)], "screens": [BESIDE]}


def test_another_volume_does_not_overwrite_results(tmp_path: Path) -> None:
    command._kept(_ground(Volume(1, 2, 3)), tmp_path)("month", [AIMED])
    with pytest.raises(click.UsageError, match="--days 2"):
        command._kept(_ground(Volume(1, 3, 3)), tmp_path)


def test_only_the_full_volume_is_written_unasked() -> None:
    assert command.kept_in(command.FULL, None) == command.HERE
    assert command.kept_in(replace(command.FULL, days=1), None) is None


def test_what_is_changed_in_models_is_still_there(tmp_path: Path) -> None:
    place = Place("", "", tmp_path)
    shutil.copytree(ROOT / "models", place.project / "models")
    ground = Ground(place, "name", "", command.FULL)
    for change in changes.CHANGES:
        change.apply(ground)
        model = place.project / "models" / "core" / "finance" / f"{change.model}.sql"
        assert change.after in model.read_text()


def _ground(volume: Volume) -> Ground:
    ground = Ground(Place("", "", Path()), "name", "", volume)
    ground.__dict__["rows"] = {"invoices": 1}
    return ground
