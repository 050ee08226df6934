"""What a mart's yml says of its figures, and what is told where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import project
from runner.errors import ConfigError
from runner.marts import Column, Mart
from runner.trace import declared
from runner.trace.declared import Case, Rows, Untraced

YML = """
models:
  - name: fees
    config: {{meta: {{grain: [tenant_id], trace: {{of: [fct_postings]}}}}}}
    columns:
      - name: tenant_id
      - name: fee_amount
        config: {{meta: {{trace: {rule}}}}}
"""


def _measures(directory: Path, monkeypatch: pytest.MonkeyPatch, yml: str) -> dict[str, object]:
    marts = directory / "models" / "marts" / "finance"
    marts.mkdir(parents=True)
    (directory / "dbt_project.yml").write_text(f"name: {project.NAME}\n")
    (marts / "fees.yml").write_text(yml)
    monkeypatch.setenv(project.VARIABLE, str(directory))
    columns = (Column("tenant_id", "text", ""), Column("fee_amount", "numeric(18,4)", ""))
    return {**declared.measures(Mart("fees", "", ("tenant_id",), columns, (), None, None))}


@pytest.mark.parametrize(
    "rule",
    [
        "{summ: amount}", "{sum: amount, wher: 'true'}", "net", "[net]", "[{credit: [revenue]}]",
        "{where: 'true'}", "{share: fee_amount}", "{case: kind}", "{count: 3}", "7",
        "{case: kind, rules: {a: {summ: amount}}}", "{formula: a, operands: {a: {max_of: b}}}",
    ],
)  # fmt: skip
def test_a_mistake_names_the_mart_and_the_column(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="the yml of fees says of fee_amount what is no rule"):
        _measures(tmp_path, monkeypatch, YML.format(rule=rule))


@pytest.mark.parametrize(
    "yml", ["models: [", "", "models:\n  - name: fee\n    columns: []", "models:\n  - name: fees"]
)
def test_a_yml_that_does_not_describe_its_mart_is_named(
    yml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"fees\.yml does not describe fees"):
        _measures(tmp_path, monkeypatch, yml)


def test_a_rule_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _measures(tmp_path, monkeypatch, YML.format(rule="{sum: amount}"))
    assert found == {"fee_amount": Rows("fct_postings", "sum", value="amount")}


def test_a_value_that_no_case_has_is_untraced() -> None:
    case = Case("kind", {"a": Untraced("of no kind")})
    assert case.of({"kind": "b"}, {"kind": "b"}) == Untraced("no rule for kind b")
