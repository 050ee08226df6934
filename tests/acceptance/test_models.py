"""The unit tests that stand in the models' yml: a rule of accounting each."""

from __future__ import annotations

import pytest

from runner.dbt import Dbt
from tests.acceptance.conftest import Installation

pytestmark = pytest.mark.acceptance


def test_every_unit_test_of_the_models_passes(demo: Installation) -> None:
    results = [result for result in Dbt(demo.target).unit_tests() if result.kind == "unit_test"]
    assert {result.name: result.message for result in results if not result.is_good} == {}
    assert len(results) >= 28
